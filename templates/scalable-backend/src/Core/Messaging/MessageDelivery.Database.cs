using System.Text;
using Microsoft.Extensions.Options;

namespace ScalableBackend.Core.Messaging;

/// <summary>Hands messages from the outbox straight to the handlers in this process.</summary>
internal sealed partial class MessageDelivery(
    IEnumerable<HandlerRegistration> handlers,
    MessageProcessor processor,
    IOptions<MessagingOptions> options,
    TimeProvider clock,
    ILogger<MessageDelivery> logger)
{
    private readonly ILookup<string, HandlerRegistration> _handlers = handlers.ToLookup(handler => handler.MessageType);
    private readonly TimeSpan[] _retryDelays = options.Value.RetryDelays;

    // A message in each lane, so that a slow one holds up no other.
    public int Lanes { get; } = options.Value.Concurrency;

    public int BatchSize { get; } = 1;

    /// <returns>True if all handlers are done with the message, false if it waits for another try or is given up.</returns>
    public async Task<bool> TryDeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        try
        {
            if (!_handlers.Contains(message.Type))
            {
                throw new PoisonMessageException($"No handler takes messages of type '{message.Type}'.");
            }

            var received = new ReceivedMessage(message.Id, Encoding.UTF8.GetBytes(message.Body), message.TraceParent);
            foreach (var handler in _handlers[message.Type])
            {
                if ((await processor.FindHandledAsync(handler, [message.Id], cancellationToken)).Count == 0)
                {
                    await processor.ProcessAsync(handler, [received], cancellationToken);
                }
            }

            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var isLast = exception is PoisonMessageException || message.Attempts >= _retryDelays.Length;
            message.Error = exception.Message;
            message.DueAt = isLast ? null : clock.GetUtcNow() + _retryDelays[message.Attempts];
            message.Attempts++;
            LogFailed(exception, message.Type, message.Id, message.Attempts, message.DueAt);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Message {Type} {MessageId} failed (attempt {Attempt}); next try at {DueAt}, none if empty")]
    private partial void LogFailed(Exception exception, string type, Guid messageId, int attempt, DateTimeOffset? dueAt);
}
