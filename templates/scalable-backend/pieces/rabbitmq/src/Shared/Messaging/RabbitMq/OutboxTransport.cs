using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Publishes messages from the outbox to RabbitMQ. While the broker is down they stay in the outbox.</summary>
internal sealed partial class OutboxTransport(
    RabbitMqPublisher publisher, IOptions<MessagingOptions> options, TimeProvider clock, ILogger<OutboxTransport> logger)
{
    private const int MaxError = 2000;

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    // One line a minute for each type, however many messages wait.
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _loggedAt = [];

    // While one waits for the broker, the other takes the next messages from the database.
    public int Parallelism { get; } = 2;

    public int BatchSize { get; } = 200;

    /// <returns>True if the message needs no further try, false if it waits for another one or is given up.</returns>
    public async Task<bool> TrySendAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var headers = MessageHeaders.Read(message.Headers);
        using var activity = MessagingTelemetry.Start(ActivityKind.Producer, $"publish {message.Type}", headers);
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
                MessagingTelemetry.Unrouted(message.Type);
            }

            if (exception.IsReturn && options.Value.AllowUnrouted.Contains(message.Type))
            {
                return true;
            }

            var pause = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(message.Attempts, 10)));
            message.Error = exception.IsReturn ? "No queue is bound to the message type; is a handler registered?" : exception.Message.ToStorable(MaxError);
            message.DueAt = clock.GetUtcNow() + (pause < MaxPause ? pause : MaxPause);
            message.Attempts++;
            if (MayLog(message.Type))
            {
                LogPostponed(message.Type, message.Id, message.Error, message.DueAt);
            }

            return false;
        }
        catch (OperationInterruptedException exception) when (RabbitMqPublisher.IsRejected(exception))
        {
            message.Error = exception.Message.ToStorable(MaxError);
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

    [LoggerMessage(LogLevel.Warning, "Message {Type} {MessageId} was not published: {Reason} Retrying at {DueAt}, as others of the type")]
    private partial void LogPostponed(string type, Guid messageId, string reason, DateTimeOffset? dueAt);

    [LoggerMessage(LogLevel.Error, "Message {Type} {MessageId} was rejected by the broker; it is a dead letter in the outbox")]
    private partial void LogRejected(Exception exception, string type, Guid messageId);
}
