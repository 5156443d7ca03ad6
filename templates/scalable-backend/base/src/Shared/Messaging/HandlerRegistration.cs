using System.Text.Json;

namespace ScalableBackend.Shared.Messaging;

/// <param name="Consumer">The handler's own name: part of the inbox key, so never change it once messages flow.</param>
/// <param name="MessageType">The messages it takes.</param>
/// <param name="BatchSize">How many messages it takes at once, at most.</param>
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
            throw new PoisonMessageException($"The message cannot be read: {exception.Message}", exception);
        }
    }
}
