using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Keeps a consumer running for each handler, whatever happens to the broker.</summary>
internal sealed partial class RabbitMqConsumerHost(
    RabbitMqConnection connection,
    RabbitMqPublisher publisher,
    MessageProcessor processor,
    IEnumerable<HandlerRegistration> handlers,
    IOptionsMonitor<MessagingOptions> options,
    ConsumerHealthCheck health,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers,
    ILogger<RabbitMqConsumerHost> logger) : BackgroundService
{
    private static readonly TimeSpan PauseAfterLoss = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseAfterMismatch = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Begins nothing more as soon as the process is asked to end, not only after the drain delay.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await Task.WhenAll(handlers.Select(handler => RunAsync(handler, stopping.Token)));
    }

    private async Task RunAsync(HandlerRegistration handler, CancellationToken stoppingToken)
    {
        var settings = options.Get(handler.Consumer);
        var failures = new MessageFailureHandler(publisher, handler, settings, clock, loggers.CreateLogger<MessageFailureHandler>());
        using var breaker = new ConsumerCircuitBreaker(processor, health, handler.Consumer, loggers.CreateLogger<ConsumerCircuitBreaker>());
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var consumer = new RabbitMqConsumer(processor, handler, settings, failures, breaker, health, loggers.CreateLogger<RabbitMqConsumer>());
                await consumer.RunAsync(await connection.OpenAsync(stoppingToken), stoppingToken);
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
            {
                health.NotConsuming(handler.Consumer, exception.ShutdownReason.ReplyText);
                LogMismatch(handler.Consumer, exception.ShutdownReason.ReplyText);
                await Task.Delay(PauseAfterMismatch, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The client wraps the cause, such as a login that was refused.
                var reason = exception.GetBaseException().Message;
                if (health.NotConsuming(handler.Consumer, reason))
                {
                    LogLost(handler.Consumer, reason, PauseAfterLoss);
                }

                await Task.Delay(PauseAfterLoss, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} does not consume ({Reason}); trying again every {Interval}")]
    private partial void LogLost(string consumer, string reason, TimeSpan interval);

    [LoggerMessage(
        LogLevel.Error,
        "Cannot consume {Consumer}: a queue of it exists with different arguments ({Reason}). "
        + "Revert the change, or delete the drained queue; it is redeclared within a minute")]
    private partial void LogMismatch(string consumer, string reason);
}
