using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ScalableBackend.Core.Messaging.RabbitMq;

/// <summary>Takes messages from each handler's queue. A message is acknowledged once its effects are committed.</summary>
internal sealed partial class RabbitMqConsumers(
    RabbitMqConnection connection,
    RabbitMqPublisher publisher,
    MessageProcessor processor,
    IEnumerable<HandlerRegistration> handlers,
    ILogger<RabbitMqConsumers> logger) : BackgroundService
{
    private const ushort Concurrency = 8;
    private const ushort Prefetch = 32;

    private static readonly TimeSpan PauseAfterLoss = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(handlers.Select(handler => RunAsync(handler, stoppingToken)));

    private async Task RunAsync(HandlerRegistration handler, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(handler, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogLost(exception, handler.Consumer);
                await Task.Delay(PauseAfterLoss, stoppingToken);
            }
        }
    }

    // Runs until the channel closes, then throws.
    private async Task ConsumeAsync(HandlerRegistration handler, CancellationToken stoppingToken)
    {
        var open = await connection.OpenAsync(stoppingToken);
        await using var channel = await open.CreateChannelAsync(
            new CreateChannelOptions(false, false, consumerDispatchConcurrency: Concurrency), stoppingToken);
        await RabbitMqTopology.DeclareAsync(channel, handler, stoppingToken);
        await channel.BasicQosAsync(0, Prefetch, global: false, stoppingToken);

        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            closed.TrySetException(new IOException(reason.ReplyText));
            return Task.CompletedTask;
        };
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => ReceiveAsync(channel, handler, delivery, stoppingToken);
        await channel.BasicConsumeAsync(handler.Consumer, autoAck: false, consumer, stoppingToken);
        LogConsuming(handler.Consumer);
        await closed.Task.WaitAsync(stoppingToken);
    }

    private async Task ReceiveAsync(
        IChannel channel, HandlerRegistration handler, BasicDeliverEventArgs delivery, CancellationToken stoppingToken)
    {
        try
        {
            var id = Guid.Parse(delivery.BasicProperties.MessageId ?? "");
            var body = Encoding.UTF8.GetString(delivery.Body.Span);
            await processor.ProcessAsync(
                handler, id, body, delivery.BasicProperties.GetText(RabbitMqHeaders.TraceParent), stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            await PutAsideAsync(handler, delivery, exception, stoppingToken);
        }

        await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, stoppingToken);
    }

    private async Task PutAsideAsync(
        HandlerRegistration handler, BasicDeliverEventArgs delivery, Exception exception, CancellationToken stoppingToken)
    {
        var attempts = delivery.BasicProperties.GetAttempts();
        var isLast = attempts >= RetryDelays.Steps.Length;
        var queue = isLast
            ? RabbitMqTopology.DeadLetterQueue(handler.Consumer)
            : RabbitMqTopology.RetryQueue(handler.Consumer, RetryDelays.Steps[attempts]);
        LogFailed(exception, handler.Consumer, delivery.BasicProperties.MessageId, attempts + 1, queue);

        var properties = new BasicProperties(delivery.BasicProperties);
        properties.Headers = new Dictionary<string, object?>(delivery.BasicProperties.Headers ?? new Dictionary<string, object?>())
        {
            [RabbitMqHeaders.Attempts] = attempts + 1,
            [RabbitMqHeaders.Error] = exception.Message,
        };
        await publisher.PublishAsync("", queue, properties, delivery.Body, stoppingToken);
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} is consuming")]
    private partial void LogConsuming(string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} lost its channel; opening another")]
    private partial void LogLost(Exception exception, string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}); moved to {Queue}")]
    private partial void LogFailed(Exception exception, string consumer, string? messageId, int attempt, string queue);
}
