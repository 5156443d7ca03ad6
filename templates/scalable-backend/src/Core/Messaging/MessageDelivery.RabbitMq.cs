using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ScalableBackend.Core.Messaging.RabbitMq;

namespace ScalableBackend.Core.Messaging;

/// <summary>Publishes messages from the outbox to RabbitMQ. While the broker is down they stay in the outbox.</summary>
internal sealed partial class MessageDelivery(RabbitMqPublisher publisher, TimeProvider clock, ILogger<MessageDelivery> logger)
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    // While one waits for the broker, the other takes the next messages from the database.
    public int Lanes { get; } = 2;

    public int BatchSize { get; } = 200;

    /// <returns>True if the broker has taken responsibility for the message, false if it refused it and it waits for another try.</returns>
    public async Task<bool> TryDeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.Start(ActivityKind.Producer, $"publish {message.Type}", message.TraceParent);
        try
        {
            var properties = new BasicProperties
            {
                MessageId = message.Id.ToString(),
                Type = message.Type,
                ContentType = "application/json",
                DeliveryMode = DeliveryModes.Persistent,
                Headers = new Dictionary<string, object?> { [RabbitMqHeaders.TraceParent] = activity?.Id ?? message.TraceParent },
            };
            await publisher.PublishAsync(RabbitMqTopology.Exchange, message.Type, properties, Encoding.UTF8.GetBytes(message.Body), cancellationToken);
            return true;
        }
        catch (PublishException exception)
        {
            // Most often no queue takes it yet, because the worker has never run.
            var pause = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(message.Attempts, 10)));
            message.Error = exception.Message;
            message.DueAt = clock.GetUtcNow() + (pause < MaxPause ? pause : MaxPause);
            message.Attempts++;
            LogRefused(message.Type, message.Id, exception.Message, message.DueAt);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The broker refused message {Type} {MessageId}: {Reason}; next try at {DueAt}")]
    private partial void LogRefused(string type, Guid messageId, string reason, DateTimeOffset? dueAt);
}
