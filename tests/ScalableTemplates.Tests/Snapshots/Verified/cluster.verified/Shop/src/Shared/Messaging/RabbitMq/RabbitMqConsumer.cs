using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Consumes the queue of one handler on a channel of its own.</summary>
internal sealed partial class RabbitMqConsumer(
    HandlerRegistration handler,
    MessagingOptions options,
    RabbitMqDispatcher dispatcher,
    ConsumerCircuitBreaker breaker,
    ConsumerHealthCheck health,
    ILogger<RabbitMqConsumer> logger)
{
    /// <summary>Consumes until the channel or the consumer ends, then throws.</summary>
    public async Task RunAsync(IConnection connection, CancellationToken stoppingToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        await RabbitMqTopology.DeclareAsync(channel, handler, options.RetryDelays, stoppingToken);
        // Little more than the handlers work on, so that other processes get messages as well; for batches, enough to gather the next batch meanwhile.
        var prefetch = options.PrefetchCount ?? 2 * Math.Max(options.MaxConcurrency, handler.BatchSize);
        await channel.BasicQosAsync(0, (ushort)Math.Min(prefetch, ushort.MaxValue), global: false, stoppingToken);

        channel.ChannelShutdownAsync += (_, reason) => EndAsync(reason.ReplyText);
        var consumer = new AsyncEventingBasicConsumer(channel);
        // The queue was deleted, its leader has moved, or a message was not acknowledged in time.
        consumer.UnregisteredAsync += (_, _) => EndAsync("the broker cancelled the consumer");
        consumer.ReceivedAsync += (_, args) =>
        {
            dispatcher.Enqueue(new IncomingMessage(channel, args));
            return Task.CompletedTask;
        };
        health.Consuming(handler.Consumer);
        await breaker.WaitForDatabaseAsync(stoppingToken);
        var tag = await channel.BasicConsumeAsync(handler.Consumer, autoAck: false, consumer, stoppingToken);
        LogConsuming(handler.Consumer);

        dispatcher.Start(stoppingToken);
        await dispatcher.WaitForEndAsync();
        if (channel.IsOpen)
        {
            await channel.BasicCancelAsync(tag, noWait: true, CancellationToken.None);
        }

        await dispatcher.DrainAsync();
    }

    private Task EndAsync(string reason)
    {
        if (dispatcher.TryEnd(new IOException(reason)) && health.NotConsuming(handler.Consumer, reason))
        {
            LogEnded(handler.Consumer, reason);
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} is consuming")]
    private partial void LogConsuming(string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} was ended by the broker ({Reason}); redeclaring its queue and consuming again")]
    private partial void LogEnded(string consumer, string reason);
}
