using System.Diagnostics;
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
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    // Who puts a message in looks into the inbox at once, if nobody does: until the database answers, that takes microseconds.
    private readonly Channel<Delivery> _received = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true, AllowSynchronousContinuations = true });

    // So few that meanwhile more gather for the next look into the inbox.
    private readonly Channel<Delivery> _fresh = Channel.CreateBounded<Delivery>(Math.Max(options.Concurrency, handler.BatchSize));

    /// <summary>Runs until the channel closes, then throws.</summary>
    /// <param name="stoppingToken">Ends it as soon as the handlers that run are done.</param>
    public async Task RunAsync(IConnection connection, CancellationToken stoppingToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        await RabbitMqTopology.DeclareAsync(channel, handler, options.RetryDelays, stoppingToken);
        // For batches, so many that the next one comes while this one is worked on.
        var prefetch = Math.Max(options.Prefetch, 2 * handler.BatchSize);
        await channel.BasicQosAsync(0, (ushort)Math.Min(prefetch, ushort.MaxValue), global: false, stoppingToken);

        channel.ChannelShutdownAsync += (_, reason) =>
        {
            _received.Writer.TryComplete(new IOException(reason.ReplyText));
            return Task.CompletedTask;
        };
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            _received.Writer.TryWrite(new Delivery(delivery));
            return Task.CompletedTask;
        };
        var tag = await channel.BasicConsumeAsync(handler.Consumer, autoAck: false, consumer, stoppingToken);
        LogConsuming(handler.Consumer);

        // For batches, few enough that messages gather to large ones while the others work.
        var count = handler.BatchSize > 1 ? 2 : options.Concurrency;
        Task[] loops = [SkipHandledAsync(channel, stoppingToken), .. Enumerable.Range(0, count).Select(_ => HandleAllAsync(channel, stoppingToken))];
        await Task.WhenAny(loops);
        // One has ended, so all are to. What is not acknowledged comes again, perhaps to another process.
        _received.Writer.TryComplete();
        _fresh.Writer.TryComplete();
        if (channel.IsOpen)
        {
            await channel.BasicCancelAsync(tag, noWait: true, CancellationToken.None);
        }

        await Task.WhenAll(loops);
    }

    private async Task SkipHandledAsync(IChannel channel, CancellationToken stoppingToken)
    {
        while (await _received.Reader.WaitToReadAsync(stoppingToken))
        {
            var deliveries = Take(_received.Reader, int.MaxValue);
            var handled = await FindHandledAsync(deliveries, stoppingToken);
            foreach (var delivery in deliveries)
            {
                if (delivery.MessageId is { } id && handled.Contains(id))
                {
                    await channel.BasicAckAsync(delivery.Tag, multiple: false, stoppingToken);
                }
                else
                {
                    await _fresh.Writer.WriteAsync(delivery, stoppingToken);
                }
            }
        }
    }

    private async Task<IReadOnlySet<Guid>> FindHandledAsync(List<Delivery> deliveries, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await processor.FindHandledAsync(handler, deliveries.Select(delivery => delivery.MessageId).OfType<Guid>(), stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Without the database no handler can do its work. So messages wait here, rather than use up their tries.
                LogWaiting(exception, handler.Consumer);
                await Task.Delay(PauseAfterFailure, stoppingToken);
            }
        }
    }

    private async Task HandleAllAsync(IChannel channel, CancellationToken stoppingToken)
    {
        while (await _fresh.Reader.WaitToReadAsync(stoppingToken))
        {
            if (Take(_fresh.Reader, handler.BatchSize) is { Count: > 0 } batch)
            {
                await HandleAsync(channel, batch);
            }
        }
    }

    // Not cancelled when the process is to end: what has begun is finished.
    private async Task HandleAsync(IChannel channel, List<Delivery> batch)
    {
        try
        {
            var messages = batch.Select(delivery => delivery.Read(handler.MessageType)).DistinctBy(message => message.Id);
            await processor.ProcessAsync(handler, [.. messages], CancellationToken.None);
        }
        catch (Exception) when (batch.Count > 1)
        {
            foreach (var delivery in batch)
            {
                await HandleAsync(channel, [delivery]);
            }

            return;
        }
        catch (Exception exception)
        {
            await PutAsideAsync(batch[0], exception);
        }

        foreach (var delivery in batch)
        {
            await channel.BasicAckAsync(delivery.Tag, multiple: false);
        }
    }

    private async Task PutAsideAsync(Delivery delivery, Exception exception)
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
        using var activity = MessagingTelemetry.Start(ActivityKind.Producer, $"publish {queue}", delivery.Properties.GetText(RabbitMqHeaders.TraceParent));
        await publisher.PublishAsync("", queue, properties, delivery.Body, CancellationToken.None);
    }

    private static List<Delivery> Take(ChannelReader<Delivery> deliveries, int count)
    {
        var taken = new List<Delivery>();
        while (taken.Count < count && deliveries.TryRead(out var delivery))
        {
            taken.Add(delivery);
        }

        return taken;
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} is consuming")]
    private partial void LogConsuming(string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} waits for the database")]
    private partial void LogWaiting(Exception exception, string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId} (attempt {Attempt}); moved to {Queue}")]
    private partial void LogFailed(Exception exception, string consumer, string? messageId, int attempt, string queue);
}
