using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Keeps a consumer running for each handler: reconnects after the broker or the channel was lost.</summary>
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
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RedeclareDelay = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Starts no more handlers once shutdown begins, without waiting for the drain delay.
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
                var dispatcher = new RabbitMqDispatcher(processor, handler, settings, failures, breaker, loggers.CreateLogger<RabbitMqDispatcher>());
                var consumer = new RabbitMqConsumer(handler, settings, dispatcher, breaker, health, loggers.CreateLogger<RabbitMqConsumer>());
                await consumer.RunAsync(await connection.OpenAsync(stoppingToken), stoppingToken);
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
            {
                health.NotConsuming(handler.Consumer, exception.ShutdownReason.ReplyText);
                LogMismatch(handler.Consumer, exception.ShutdownReason.ReplyText);
                await Task.Delay(RedeclareDelay, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The client wraps the cause, such as refused credentials.
                var reason = exception.GetBaseException().Message;
                if (health.NotConsuming(handler.Consumer, reason))
                {
                    LogLost(handler.Consumer, reason, ReconnectDelay);
                }

                await Task.Delay(ReconnectDelay, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} is not consuming ({Reason}); retrying every {Interval}")]
    private partial void LogLost(string consumer, string reason, TimeSpan interval);

    [LoggerMessage(
        LogLevel.Error,
        "Cannot consume {Consumer}: its queue exists with different arguments ({Reason}). "
        + "Revert the change, or delete the drained queue; it is redeclared within a minute")]
    private partial void LogMismatch(string consumer, string reason);
}
