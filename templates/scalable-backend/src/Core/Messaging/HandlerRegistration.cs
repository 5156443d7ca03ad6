using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace ScalableBackend.Core.Messaging;

/// <param name="Consumer">The handler's own name: part of the inbox key, so never change it once messages flow.</param>
/// <param name="MessageType">The messages it takes.</param>
internal sealed record HandlerRegistration(
    string Consumer,
    string MessageType,
    Func<IServiceProvider, string, CancellationToken, Task> HandleAsync)
{
    public static HandlerRegistration Create<TMessage, THandler>(string consumer)
        where TMessage : IMessage
        where THandler : IMessageHandler<TMessage> =>
        new(consumer, TMessage.MessageType, (services, body, cancellationToken) =>
        {
            var message = JsonSerializer.Deserialize<TMessage>(body, JsonSerializerOptions.Web)
                ?? throw new JsonException("The message is null.");
            return services.GetRequiredService<THandler>().HandleAsync(message, cancellationToken);
        });
}
