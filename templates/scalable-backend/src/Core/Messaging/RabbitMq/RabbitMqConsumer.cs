using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ScalableBackend.Core.Messaging.RabbitMq;

/// <summary>Takes messages from one handler's queue. A message is acknowledged once its effects are committed.</summary>
internal sealed partial class RabbitMqConsumer(
    RabbitMqPublisher publisher,
    MessageProcessor processor,
    HandlerRegistration handler,
    MessagingOptions options,
    ILogger<RabbitMqConsumer> logger)
{
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();

    /// <summary>Runs until the channel closes, then throws.</summary>
    public async Task RunAsync(IConnection connection, CancellationToken stoppingToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        await RabbitMqTopology.DeclareAsync(channel, handler, options.RetryDelays, stoppingToken);
        // For batches, so many that the next one comes while this one is worked on.
        var prefetch = Math.Max(options.Prefetch, 2 * handler.BatchSize);
        await channel.BasicQosAsync(0, (ushort)Math.Min(prefetch, ushort.MaxValue), global: false, stoppingToken);

        channel.ChannelShutdownAsync += (_, reason) =>
        {
            _deliveries.Writer.TryComplete(new IOException(reason.ReplyText));
            return Task.CompletedTask;
        };
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) => await _deliveries.Writer.WriteAsync(new Delivery(delivery), stoppingToken);
        await channel.BasicConsumeAsync(handler.Consumer, autoAck: false, consumer, stoppingToken);
        LogConsuming(handler.Consumer);
        // Few enough that messages gather to large batches while the others work.
        var loops = handler.BatchSize > 1 ? 2 : options.Concurrency;
        await Task.WhenAll(Enumerable.Range(0, loops).Select(_ => HandleAllAsync(channel, stoppingToken)));
    }

    private async Task HandleAllAsync(IChannel channel, CancellationToken stoppingToken)
    {
        try
        {
            while (await _deliveries.Reader.WaitToReadAsync(stoppingToken))
            {
                await HandleBatchAsync(channel, stoppingToken);
            }
        }
        catch (Exception exception)
        {
            // Ends the others, too.
            _deliveries.Writer.TryComplete(exception);
            throw;
        }
    }

    private async Task HandleBatchAsync(IChannel channel, CancellationToken stoppingToken)
    {
        var batch = new List<Delivery>();
        while (batch.Count < handler.BatchSize && _deliveries.Reader.TryRead(out var delivery))
        {
            batch.Add(delivery);
        }

        if (batch.Count > 0)
        {
            await HandleAsync(batch, stoppingToken);
        }

        foreach (var delivery in batch)
        {
            await channel.BasicAckAsync(delivery.Tag, multiple: false, stoppingToken);
        }
    }

    private async Task HandleAsync(List<Delivery> batch, CancellationToken stoppingToken)
    {
        try
        {
            await processor.ProcessAsync(handler, [.. batch.Select(delivery => delivery.Read(handler.MessageType))], stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            if (batch is [var only])
            {
                await PutAsideAsync(only, exception, stoppingToken);
                return;
            }

            foreach (var delivery in batch)
            {
                await HandleAsync([delivery], stoppingToken);
            }
        }
    }

    private async Task PutAsideAsync(Delivery delivery, Exception exception, CancellationToken stoppingToken)
    {
        var attempts = delivery.Properties.GetAttempts();
        var isLast = exception is PoisonMessageException || attempts >= options.RetryDelays.Length;
        var queue = isLast
            ? RabbitMqTopology.DeadLetterQueue(handler.Consumer)
            : RabbitMqTopology.RetryQueue(handler.Consumer, options.RetryDelays[attempts]);
        LogFailed(exception, handler.Consumer, delivery.Properties.MessageId, attempts + 1, queue);

        var properties = new BasicProperties(delivery.Properties);
        properties.Headers = new Dictionary<string, object?>(delivery.Properties.Headers ?? new Dictionary<string, object?>())
        {
            [RabbitMqHeaders.Attempts] = attempts + 1,
            [RabbitMqHeaders.Error] = exception.Message,
        };
        await publisher.PublishAsync("", queue, properties, delivery.Body, stoppingToken);
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} is consuming")]
    private partial void LogConsuming(string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}); moved to {Queue}")]
    private partial void LogFailed(Exception exception, string consumer, string? messageId, int attempt, string queue);

    private sealed class Delivery(BasicDeliverEventArgs args)
    {
        public ulong Tag { get; } = args.DeliveryTag;

        public IReadOnlyBasicProperties Properties { get; } = args.BasicProperties;

        // The client reuses its buffer when the event is over.
        public byte[] Body { get; } = args.Body.ToArray();

        public ReceivedMessage Read(string messageType)
        {
            if (Properties.Type != messageType)
            {
                throw new PoisonMessageException($"The message is of type '{Properties.Type}', not '{messageType}'.");
            }

            return Guid.TryParse(Properties.MessageId, out var id)
                ? new ReceivedMessage(id, Body, Properties.GetText(RabbitMqHeaders.TraceParent))
                : throw new PoisonMessageException($"The message has the id '{Properties.MessageId}', which is no UUID.");
        }
    }
}
