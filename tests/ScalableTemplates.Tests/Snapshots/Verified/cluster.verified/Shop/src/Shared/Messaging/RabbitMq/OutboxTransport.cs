using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Publishes messages from the outbox to RabbitMQ. While the broker is down they stay in the outbox.</summary>
internal sealed partial class OutboxTransport(
    RabbitMqPublisher publisher, IOptions<MessagingOptions> options, TimeProvider clock, ILogger<OutboxTransport> logger)
{
    private const int MaxErrorLength = 2000;

    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromMinutes(5);

    // One log entry per minute and message type, however many messages wait.
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _loggedAt = [];

    /// <summary>The number of concurrent batches: while one waits for publisher confirms, the other is read from the database.</summary>
    public int Parallelism { get; } = 2;

    public int BatchSize { get; } = 200;

    /// <returns>True if the message was sent, false if it stays in the outbox: for a retry, or as a dead letter.</returns>
    public async Task<bool> TrySendAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var headers = MessageHeaders.Read(message.Headers);
        using var activity = MessagingTelemetry.StartPublish(message.Type, message.Id.ToString(), headers);
        try
        {
            var properties = new BasicProperties
            {
                MessageId = message.Id.ToString(),
                Type = message.Type,
                CorrelationId = headers.GetValueOrDefault(MessageHeaders.CorrelationId),
                ContentType = "application/json",
                DeliveryMode = DeliveryModes.Persistent,
                Headers = RabbitMqHeaders.Create(headers, activity),
            };
            await publisher.PublishAsync(RabbitMqTopology.Exchange, message.Type, properties, Encoding.UTF8.GetBytes(message.Body), cancellationToken);
            return true;
        }
        catch (PublishException exception)
        {
            if (exception.IsReturn)
            {
                RabbitMqTelemetry.Unrouted(message.Type);
            }

            if (exception.IsReturn && options.Value.AllowUnrouted.Contains(message.Type))
            {
                return true;
            }

            var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(message.Attempts, 10)));
            message.Error = exception.IsReturn ? "No queue is bound to the message type; is a handler registered?" : exception.Message.Sanitize(MaxErrorLength);
            message.DueAt = clock.GetUtcNow() + (delay < MaxRetryDelay ? delay : MaxRetryDelay);
            message.Attempts++;
            if (MayLog(message.Type))
            {
                LogPostponed(message.Type, message.Id, message.Error, message.DueAt);
            }

            return false;
        }
        catch (OperationInterruptedException exception) when (RabbitMqPublisher.IsRejected(exception))
        {
            message.Error = exception.Message.Sanitize(MaxErrorLength);
            message.DueAt = null;
            message.FailedAt = clock.GetUtcNow();
            message.Attempts++;
            MessagingTelemetry.DeadLettered(DeadLetters.Outbox, exception);
            LogRejected(exception, message.Type, message.Id);
            return false;
        }
    }

    private bool MayLog(string type)
    {
        var now = clock.GetUtcNow();
        var loggedAt = _loggedAt.GetOrAdd(type, DateTimeOffset.MinValue);
        return now - loggedAt >= LogInterval && _loggedAt.TryUpdate(type, now, loggedAt);
    }

    [LoggerMessage(LogLevel.Warning, "Message {Type} {MessageId} was not published; retrying at {DueAt} (logged at most once per minute and type): {Reason}")]
    private partial void LogPostponed(string type, Guid messageId, string reason, DateTimeOffset? dueAt);

    [LoggerMessage(LogLevel.Error, "Message {Type} {MessageId} was rejected by the broker; it stays in the outbox as a dead letter")]
    private partial void LogRejected(Exception exception, string type, Guid messageId);
}
