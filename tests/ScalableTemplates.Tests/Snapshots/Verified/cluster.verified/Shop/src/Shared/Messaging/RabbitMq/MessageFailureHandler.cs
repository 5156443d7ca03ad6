using System.Globalization;
using System.Reflection;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Moves a message whose handler failed to a delay queue, or to the dead-letter queue after the last attempt.</summary>
internal sealed partial class MessageFailureHandler(
    RabbitMqPublisher publisher, HandlerRegistration handler, MessagingOptions options, TimeProvider clock, ILogger<MessageFailureHandler> logger)
{
    // All headers together must fit into a frame of 128 KiB; a larger frame would close the connection.
    private const int MaxErrorLength = 2000;
    private const int MaxStackLength = 8000;

    private static readonly TimeSpan PublishRetryDelay = TimeSpan.FromSeconds(1);
    private static readonly string? Version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>
    /// Counts the attempt before it begins, by scheduling a retry: the message returns even if the worker exits, and is skipped as a duplicate if it was handled.
    /// </summary>
    /// <returns>False if no attempts are left, so that the message was dead-lettered.</returns>
    public Task<bool> RecordAttemptAsync(IncomingMessage message, CancellationToken stoppingToken) =>
        RetryOrDeadLetterAsync(message, new WorkerExitedException(), stoppingToken);

    /// <returns>False if the message was dead-lettered.</returns>
    public async Task<bool> RetryOrDeadLetterAsync(IncomingMessage message, Exception exception, CancellationToken stoppingToken)
    {
        var attempts = message.Properties.GetAttempts();
        var delay = options.IsRetried(exception) && attempts < options.RetryDelays.Length ? GetDelay(exception, attempts) : (TimeSpan?)null;
        var queue = delay is null ? RabbitMqTopology.DeadLetterQueue(handler.Consumer) : RabbitMqTopology.RetryQueue(handler.Consumer, delay.Value);
        // Oversized headers of a foreign publisher would not fit into a frame together with the headers added here.
        var headers = MessageHeaders.FindProblem(message.Headers) is null ? message.Headers : new Dictionary<string, string>();
        using var activity = MessagingTelemetry.StartPublish(queue, message.Properties.MessageId, headers);
        var properties = new BasicProperties(message.Properties)
        {
            Headers = new Dictionary<string, object?>(RabbitMqHeaders.Create(headers, activity))
            {
                [RabbitMqHeaders.Attempts] = attempts + 1,
                [RabbitMqHeaders.Error] = exception.Describe().Sanitize(MaxErrorLength),
                [RabbitMqHeaders.ExceptionType] = exception.GetType().FullName,
                [RabbitMqHeaders.Stack] = exception.ToString().Sanitize(MaxStackLength),
                [RabbitMqHeaders.FailedAt] = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
                [RabbitMqHeaders.HandlerVersion] = Version,
                [RabbitMqHeaders.Suspect] = exception is WorkerExitedException || message.Properties.IsSuspect() ? 1 : 0,
            },
        };
        await PublishAsync(queue, properties, message, stoppingToken);
        if (delay is null)
        {
            MessagingTelemetry.DeadLettered(handler.Consumer, exception);
            LogDeadLettered(exception, handler.Consumer, message.Properties.MessageId, attempts + 1);
        }
        else if (exception is not WorkerExitedException)
        {
            LogRetrying(handler.Consumer, message.Properties.MessageId, attempts + 1, exception.GetType().Name, exception.Describe(), delay.Value);
        }

        return delay is not null;
    }

    // A retry that is scheduled in advance must not be delivered while the handler still runs.
    private TimeSpan GetDelay(Exception exception, int attempts) => exception is WorkerExitedException
        ? options.RetryDelays.Where(delay => delay > options.Timeout).DefaultIfEmpty(options.RetryDelays.Max()).Min()
        : options.RetryDelays[attempts];

    // While the broker accepts no messages, this one stays unacknowledged in its queue.
    private async Task PublishAsync(string queue, BasicProperties properties, IncomingMessage message, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await publisher.PublishAsync("", queue, properties, message.Body, CancellationToken.None);
                return;
            }
            catch (Exception exception) when (exception is not PublishException && message.IsHeld && !stoppingToken.IsCancellationRequested)
            {
                await Task.Delay(PublishRetryDelay, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}, {ExceptionType}: {Error}); retrying in {Delay}")]
    private partial void LogRetrying(string consumer, string? messageId, int attempt, string exceptionType, string error, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "{Consumer} failed on message {MessageId}; dead-lettered after {Attempts} attempts")]
    private partial void LogDeadLettered(Exception exception, string consumer, string? messageId, int attempts);

    private sealed class WorkerExitedException() : Exception("The worker exited while handling the message.");
}
