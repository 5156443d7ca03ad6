using Microsoft.Extensions.Logging;

namespace ScalableBackend.Core.Messaging;

/// <summary>Hands messages from the outbox straight to the handlers in this process.</summary>
internal sealed partial class MessageDelivery(
    IEnumerable<HandlerRegistration> handlers,
    MessageProcessor processor,
    TimeProvider clock,
    ILogger<MessageDelivery> logger)
{
    /// <summary>How many messages are handled at once; a slow one holds up one lane only.</summary>
    public const int Lanes = 8;

    public const int BatchSize = 1;

    private readonly ILookup<string, HandlerRegistration> _handlers = handlers.ToLookup(handler => handler.MessageType);

    /// <returns>True if all handlers are done with the message, false if it waits for another try or is given up.</returns>
    public async Task<bool> TryDeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        try
        {
            if (!_handlers.Contains(message.Type))
            {
                throw new InvalidOperationException($"No handler takes messages of type '{message.Type}'.");
            }

            foreach (var handler in _handlers[message.Type])
            {
                await processor.ProcessAsync(handler, message.Id, message.Body, message.TraceParent, cancellationToken);
            }

            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            message.Error = exception.Message;
            message.DueAt = message.Attempts < RetryDelays.Steps.Length ? clock.GetUtcNow() + RetryDelays.Steps[message.Attempts] : null;
            message.Attempts++;
            LogFailed(exception, message.Type, message.Id, message.Attempts, message.DueAt);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Message {Type} {MessageId} failed (attempt {Attempt}); next try at {DueAt}, none if empty")]
    private partial void LogFailed(Exception exception, string type, Guid messageId, int attempt, DateTimeOffset? dueAt);
}
