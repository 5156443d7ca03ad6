using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ScalableBackend.Core.Messaging.RabbitMq;

/// <summary>Keeps a consumer running for each handler, whatever happens to the broker.</summary>
internal sealed partial class RabbitMqConsumers(
    RabbitMqConnection connection,
    RabbitMqPublisher publisher,
    MessageProcessor processor,
    IEnumerable<HandlerRegistration> handlers,
    IOptions<MessagingOptions> options,
    ILoggerFactory loggers,
    ILogger<RabbitMqConsumers> logger) : BackgroundService
{
    private static readonly TimeSpan PauseAfterLoss = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseAfterMismatch = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(handlers.Select(handler => RunAsync(handler, stoppingToken)));

    private async Task RunAsync(HandlerRegistration handler, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var consumer = new RabbitMqConsumer(publisher, processor, handler, options.Value, loggers.CreateLogger<RabbitMqConsumer>());
                await consumer.RunAsync(await connection.OpenAsync(stoppingToken), stoppingToken);
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
            {
                LogMismatch(handler.Consumer, exception.ShutdownReason.ReplyText);
                await Task.Delay(PauseAfterMismatch, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(exception, handler.Consumer);
                await Task.Delay(PauseAfterLoss, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} lost its channel; opening another")]
    private partial void LogLost(Exception exception, string consumer);

    [LoggerMessage(
        LogLevel.Error,
        "{Consumer} takes no messages: a queue of it exists with other arguments ({Reason}). "
        + "Undo the change, or delete the queue once it is empty; it is made anew within a minute")]
    private partial void LogMismatch(string consumer, string reason);
}
