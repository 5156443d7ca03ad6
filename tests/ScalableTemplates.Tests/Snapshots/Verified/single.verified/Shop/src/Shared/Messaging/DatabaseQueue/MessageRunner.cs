using System.Text;
using Microsoft.Extensions.Options;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.DatabaseQueue;

/// <summary>Runs all handlers of a message. Each succeeds or fails independently.</summary>
internal sealed partial class MessageRunner(
    IEnumerable<HandlerRegistration> handlers,
    MessageProcessor processor,
    IOptionsMonitor<MessagingOptions> options,
    TimeProvider clock,
    ILogger<MessageRunner> logger)
{
    private const int MaxErrorLength = 2000;
    private const int MaxStackLength = 8000;

    /// <returns>For each handler that failed, a message for this handler alone: a retry or a dead letter.</returns>
    public async Task<List<OutboxMessage>> RunAsync(OutboxMessage message)
    {
        var received = new ReceivedMessage(message.MessageId ?? message.Id, Encoding.UTF8.GetBytes(message.Body), MessageHeaders.Read(message.Headers));
        var failed = new List<OutboxMessage>();
        foreach (var handler in handlers.Where(handler => message.Consumer is null ? handler.MessageType == message.Type : handler.Consumer == message.Consumer))
        {
            try
            {
                if ((await processor.FindHandledAsync(handler, [received.Id], CancellationToken.None)).Count == 0)
                {
                    await processor.ProcessAsync(handler, [received], CancellationToken.None);
                }
            }
            catch (Exception exception)
            {
                if (await processor.IsOutageAsync(exception, CancellationToken.None))
                {
                    throw;
                }

                failed.Add(Fail(message, handler, exception));
            }
        }

        return failed;
    }

    private OutboxMessage Fail(OutboxMessage message, HandlerRegistration handler, Exception exception)
    {
        var now = clock.GetUtcNow();
        var policy = options.Get(handler.Consumer);
        var delay = policy.IsRetried(exception) && message.Attempts < policy.RetryDelays.Length ? policy.RetryDelays[message.Attempts] : (TimeSpan?)null;
        var failed = new OutboxMessage
        {
            Id = Guid.CreateVersion7(now),
            MessageId = message.MessageId ?? message.Id,
            Consumer = handler.Consumer,
            Type = message.Type,
            Body = message.Body,
            Headers = message.Headers,
            CreatedAt = message.CreatedAt,
            DueAt = now + delay,
            Attempts = message.Attempts + 1,
            Error = exception.Describe().Sanitize(MaxErrorLength),
            ExceptionType = exception.GetType().FullName,
            Stack = exception.ToString().Sanitize(MaxStackLength),
            FailedAt = now,
        };
        if (delay is null)
        {
            MessagingTelemetry.DeadLettered(handler.Consumer, exception);
            LogDeadLettered(exception, handler.Consumer, failed.MessageId.Value, failed.Attempts);
        }
        else
        {
            LogRetrying(exception, handler.Consumer, failed.MessageId.Value, delay.Value, failed.Attempts);
        }

        return failed;
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}); retrying in {Delay}")]
    private partial void LogRetrying(Exception exception, string consumer, Guid messageId, TimeSpan delay, int attempt);

    [LoggerMessage(LogLevel.Error, "{Consumer} failed on message {MessageId}; dead-lettered after {Attempts} attempts")]
    private partial void LogDeadLettered(Exception exception, string consumer, Guid messageId, int attempts);
}
