using System.Text.Json;

namespace Shop.Shared.Messaging;

/// <param name="Consumer">The unique name of the handler. It is part of the inbox key, so it must not change once messages were handled.</param>
/// <param name="MessageType">The type of the messages it handles.</param>
/// <param name="BatchSize">The maximum number of messages in a batch.</param>
internal sealed record HandlerRegistration(
    string Consumer,
    string MessageType,
    int BatchSize,
    Func<IServiceProvider, IReadOnlyList<ReceivedMessage>, CancellationToken, Task> HandleAsync)
{
    public static HandlerRegistration Single<TMessage, THandler>(string consumer)
        where TMessage : IMessage
        where THandler : IMessageHandler<TMessage> =>
        new(consumer, TMessage.MessageType, 1, (services, messages, cancellationToken) =>
            services.GetRequiredService<THandler>().HandleAsync(Read<TMessage>(messages[0]), cancellationToken));

    public static HandlerRegistration Batch<TMessage, THandler>(string consumer, int batchSize)
        where TMessage : IMessage
        where THandler : IMessageBatchHandler<TMessage> =>
        new(consumer, TMessage.MessageType, batchSize, (services, messages, cancellationToken) =>
            services.GetRequiredService<THandler>().HandleAsync([.. messages.Select(Read<TMessage>)], cancellationToken));

    private static TMessage Read<TMessage>(ReceivedMessage message)
    {
        try
        {
            return JsonSerializer.Deserialize<TMessage>(message.Body.Span, JsonSerializerOptions.Web)
                ?? throw new PoisonMessageException("The message is null.");
        }
        catch (JsonException exception)
        {
            throw new PoisonMessageException($"The message cannot be deserialized: {exception.Message}", exception);
        }
    }
}
