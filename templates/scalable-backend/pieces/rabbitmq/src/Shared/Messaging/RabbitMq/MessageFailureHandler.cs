using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Moves messages whose handler failed to a delay queue for another try, or to the dead letters.</summary>
internal sealed partial class MessageFailureHandler(
    RabbitMqPublisher publisher, HandlerRegistration handler, MessagingOptions options, TimeProvider clock, ILogger<MessageFailureHandler> logger)
{
    // All headers together have to fit a frame of 128 KiB; a larger one would close the connection.
    private const int MaxError = 2000;
    private const int MaxStack = 8000;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly string? Version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>Counts the attempt before it begins: the message comes back, even if the worker ends, and is a duplicate if it was handled.</summary>
    /// <returns>False if there are no tries left, so that it is dead-lettered.</returns>
    public Task<bool> RecordAttemptAsync(IncomingMessage delivery, CancellationToken stoppingToken) =>
        MoveAsync(delivery, new WorkerEndedException(), stoppingToken);

    /// <returns>False if it was dead-lettered.</returns>
    public async Task<bool> MoveAsync(IncomingMessage delivery, Exception exception, CancellationToken stoppingToken)
    {
        var attempts = delivery.Properties.GetAttempts();
        var delay = options.IsRetried(exception) && attempts < options.RetryDelays.Length ? DelayOf(exception, attempts) : (TimeSpan?)null;
        var queue = delay is null ? RabbitMqTopology.DeadLetterQueue(handler.Consumer) : RabbitMqTopology.RetryQueue(handler.Consumer, delay.Value);
        // Headers from elsewhere that are too large would not fit a frame together with those added here.
        var headers = MessageHeaders.FindProblem(delivery.Headers) is null ? delivery.Headers : new Dictionary<string, string>();
        using var activity = MessagingTelemetry.Start(ActivityKind.Producer, $"publish {queue}", headers);
        var properties = new BasicProperties(delivery.Properties)
        {
            Headers = new Dictionary<string, object?>(RabbitMqHeaders.Create(headers, activity))
            {
                [RabbitMqHeaders.Attempts] = attempts + 1,
                [RabbitMqHeaders.Error] = exception.Describe().ToStorable(MaxError),
                [RabbitMqHeaders.ExceptionType] = exception.GetType().FullName,
                [RabbitMqHeaders.Stack] = exception.ToString().ToStorable(MaxStack),
                [RabbitMqHeaders.FailedAt] = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
                [RabbitMqHeaders.HandlerVersion] = Version,
                [RabbitMqHeaders.Suspect] = exception is WorkerEndedException || delivery.Properties.IsSuspect() ? 1 : 0,
            },
        };
        await PublishAsync(queue, properties, delivery, stoppingToken);
        if (delay is null)
        {
            MessagingTelemetry.DeadLettered(handler.Consumer, exception);
            LogDeadLettered(exception, handler.Consumer, delivery.Properties.MessageId, attempts + 1);
        }
        else if (exception is not WorkerEndedException)
        {
            LogRetrying(handler.Consumer, delivery.Properties.MessageId, attempts + 1, exception.GetType().Name, exception.Describe(), delay.Value);
        }

        return delay is not null;
    }

    // A message that is recorded in advance must not come back while its handler runs.
    private TimeSpan DelayOf(Exception exception, int attempts) => exception is WorkerEndedException
        ? options.RetryDelays.Where(delay => delay > options.Timeout).DefaultIfEmpty(options.RetryDelays.Max()).Min()
        : options.RetryDelays[attempts];

    // While the broker takes no messages, this one stays unacknowledged in its queue.
    private async Task PublishAsync(string queue, BasicProperties properties, IncomingMessage delivery, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await publisher.PublishAsync("", queue, properties, delivery.Body, CancellationToken.None);
                return;
            }
            catch (Exception exception) when (exception is not PublishException && delivery.IsHeld && !stoppingToken.IsCancellationRequested)
            {
                await Task.Delay(PauseAfterFailure, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}, {ExceptionType}: {Error}); retrying in {Delay}")]
    private partial void LogRetrying(string consumer, string? messageId, int attempt, string exceptionType, string error, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "{Consumer} failed on message {MessageId}; dead-lettered after {Attempts} attempts")]
    private partial void LogDeadLettered(Exception exception, string consumer, string? messageId, int attempts);

    private sealed class WorkerEndedException() : Exception("The worker ended while it handled the message.");
}
