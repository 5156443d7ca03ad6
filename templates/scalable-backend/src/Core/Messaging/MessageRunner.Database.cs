using System.Text;
using Microsoft.Extensions.Options;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Runs all handlers of a message. Each succeeds or fails on its own.</summary>
internal sealed partial class MessageRunner(
    IEnumerable<HandlerRegistration> handlers,
    MessageProcessor processor,
    IOptions<MessagingOptions> options,
    TimeProvider clock,
    ILogger<MessageRunner> logger)
{
    private const int MaxErrorLength = 2000;
    private const int MaxStackLength = 8000;

    private readonly HandlerRegistration[] _handlers = [.. handlers];
    private readonly TimeSpan[] _retryDelays = options.Value.RetryDelays;

    /// <returns>For each handler that failed, a message to it alone: for another try, or as a dead letter.</returns>
    public async Task<List<OutboxMessage>> RunAsync(OutboxMessage message)
    {
        var received = new ReceivedMessage(message.MessageId ?? message.Id, Encoding.UTF8.GetBytes(message.Body), message.TraceParent);
        var failed = new List<OutboxMessage>();
        foreach (var handler in _handlers.Where(handler => message.Consumer is null ? handler.MessageType == message.Type : handler.Consumer == message.Consumer))
        {
            try
            {
                if ((await processor.FindHandledAsync(handler, [received.Id], CancellationToken.None)).Count == 0)
                {
                    await processor.ProcessAsync(handler, [received], CancellationToken.None);
                }
            }
            catch (Exception exception) when (!DatabaseFailures.IsInfrastructure(exception))
            {
                failed.Add(Fail(message, handler, exception));
            }
        }

        return failed;
    }

    private OutboxMessage Fail(OutboxMessage message, HandlerRegistration handler, Exception exception)
    {
        var now = clock.GetUtcNow();
        var isLast = exception is PoisonMessageException || message.Attempts >= _retryDelays.Length;
        var failed = new OutboxMessage
        {
            Id = Guid.CreateVersion7(now),
            MessageId = message.MessageId ?? message.Id,
            Consumer = handler.Consumer,
            Type = message.Type,
            Body = message.Body,
            TraceParent = message.TraceParent,
            CreatedAt = message.CreatedAt,
            DueAt = isLast ? null : now + _retryDelays[message.Attempts],
            Attempts = message.Attempts + 1,
            Error = Clean(exception.Message, MaxErrorLength),
            ExceptionType = exception.GetType().FullName,
            Stack = Clean(exception.ToString(), MaxStackLength),
            FailedAt = now,
        };
        if (isLast)
        {
            LogDead(exception, handler.Consumer, failed.MessageId.Value, failed.Attempts);
        }
        else
        {
            LogFailed(exception, handler.Consumer, failed.MessageId.Value, _retryDelays[message.Attempts], failed.Attempts);
        }

        return failed;
    }

    // U+0000 is the one character that not every database stores.
    private static string Clean(string text, int maxLength) =>
        (text.Length <= maxLength ? text : text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)]).Replace('\0', '\uFFFD');

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}), retrying in {Delay}")]
    private partial void LogFailed(Exception exception, string consumer, Guid messageId, TimeSpan delay, int attempt);

    [LoggerMessage(LogLevel.Error, "{Consumer} failed on message {MessageId}: dead-lettered after {Attempts} attempts")]
    private partial void LogDead(Exception exception, string consumer, Guid messageId, int attempts);
}
