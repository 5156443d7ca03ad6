using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Takes messages from one handler's queue. A message is acknowledged once its effects are committed.</summary>
internal sealed partial class RabbitMqConsumer(
    MessageProcessor processor,
    HandlerRegistration handler,
    MessagingOptions options,
    MessageFailureHandler failures,
    ConsumerCircuitBreaker breaker,
    ConsumerHealthCheck health,
    ILogger<RabbitMqConsumer> logger)
{
    // Synchronous continuations: the thread that receives a message starts the inbox query, which takes microseconds until the database responds.
    private readonly Channel<IncomingMessage> _received = Channel.CreateUnbounded<IncomingMessage>(new() { SingleReader = true, AllowSynchronousContinuations = true });

    // Bounded, so that more messages gather for each inbox query.
    private readonly Channel<IncomingMessage> _pending = Channel.CreateBounded<IncomingMessage>(Math.Max(options.MaxConcurrency, handler.BatchSize));

    /// <summary>Runs until the broker ends it, then throws.</summary>
    public async Task RunAsync(IConnection connection, CancellationToken stoppingToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        await RabbitMqTopology.DeclareAsync(channel, handler, options.RetryDelays, stoppingToken);
        // Little more than is worked on, so that other processes find something to do. For batches, so many that the next one comes meanwhile.
        var prefetch = options.PrefetchCount ?? 2 * Math.Max(options.MaxConcurrency, handler.BatchSize);
        await channel.BasicQosAsync(0, (ushort)Math.Min(prefetch, ushort.MaxValue), global: false, stoppingToken);

        channel.ChannelShutdownAsync += (_, reason) => EndAsync(reason.ReplyText);
        var consumer = new AsyncEventingBasicConsumer(channel);
        // The queue was deleted, its leader has moved, or a delivery was not acknowledged for too long.
        consumer.UnregisteredAsync += (_, _) => EndAsync("the broker cancelled the consumer");
        consumer.ReceivedAsync += (_, delivery) =>
        {
            _received.Writer.TryWrite(new IncomingMessage(channel, delivery));
            return Task.CompletedTask;
        };
        health.Consuming(handler.Consumer);
        await breaker.WaitForDatabaseAsync(stoppingToken);
        var tag = await channel.BasicConsumeAsync(handler.Consumer, autoAck: false, consumer, stoppingToken);
        LogConsuming(handler.Consumer);

        // For batches, few enough that messages gather to large ones while the others work.
        var count = handler.BatchSize > 1 ? 2 : options.MaxConcurrency;
        Task[] loops = [FilterDuplicatesAsync(stoppingToken), .. Enumerable.Range(0, count).Select(_ => HandleAllAsync(stoppingToken))];
        await Task.WhenAny(loops);
        // One has ended, so all are to. What is not acknowledged comes again, perhaps to another process.
        _received.Writer.TryComplete();
        _pending.Writer.TryComplete();
        if (channel.IsOpen)
        {
            await channel.BasicCancelAsync(tag, noWait: true, CancellationToken.None);
        }

        await Task.WhenAll(loops);
    }

    private Task EndAsync(string reason)
    {
        if (_received.Writer.TryComplete(new IOException(reason)) && health.NotConsuming(handler.Consumer, reason))
        {
            LogLost(handler.Consumer, reason);
        }

        return Task.CompletedTask;
    }

    private async Task FilterDuplicatesAsync(CancellationToken stoppingToken)
    {
        while (await _received.Reader.WaitToReadAsync(stoppingToken))
        {
            var deliveries = Take(_received.Reader, int.MaxValue);
            IReadOnlySet<Guid> handled = new HashSet<Guid>();
            var ids = deliveries.Select(delivery => delivery.MessageId).OfType<Guid>();
            await breaker.ExecuteAsync(async () => handled = await processor.FindHandledAsync(handler, ids, stoppingToken), stoppingToken);
            foreach (var delivery in deliveries)
            {
                if (delivery.MessageId is { } id && handled.Contains(id))
                {
                    await delivery.AckAsync();
                }
                else
                {
                    await _pending.Writer.WriteAsync(delivery, stoppingToken);
                }
            }
        }
    }

    private async Task HandleAllAsync(CancellationToken stoppingToken)
    {
        while (await _pending.Reader.WaitToReadAsync(stoppingToken))
        {
            var batch = Take(_pending.Reader, handler.BatchSize);
            foreach (var suspect in batch.Where(delivery => delivery.Properties.IsSuspect()))
            {
                await HandleSuspectAsync(suspect, stoppingToken);
            }

            batch.RemoveAll(delivery => delivery.Properties.IsSuspect());
            if (batch.Count > 0)
            {
                await HandleAsync(batch, stoppingToken);
            }
        }
    }

    // A handler that has begun is not cancelled when the process is to end. One that takes longer than the time left comes again as it was.
    private async Task HandleAsync(List<IncomingMessage> batch, CancellationToken stoppingToken)
    {
        try
        {
            await ProcessAsync(batch, stoppingToken);
        }
        catch (Exception) when (batch.Count > 1)
        {
            stoppingToken.ThrowIfCancellationRequested();
            foreach (var delivery in batch)
            {
                await HandleAsync([delivery], stoppingToken);
            }

            return;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            await failures.MoveAsync(batch[0], exception, stoppingToken);
        }

        foreach (var delivery in batch)
        {
            await delivery.AckAsync();
        }
    }

    private async Task HandleSuspectAsync(IncomingMessage delivery, CancellationToken stoppingToken)
    {
        var hasTriesLeft = await failures.RecordAttemptAsync(delivery, stoppingToken);
        await delivery.AckAsync();
        if (hasTriesLeft)
        {
            try
            {
                await ProcessAsync([delivery], stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogSuspectFailed(exception, handler.Consumer, delivery.Properties.MessageId);
            }
        }
    }

    private Task ProcessAsync(List<IncomingMessage> batch, CancellationToken stoppingToken) => breaker.ExecuteAsync(
        async () =>
        {
            // After a pause the channel may be gone, and the messages in the hands of another process.
            if (batch[0].IsHeld)
            {
                var messages = batch.Select(delivery => delivery.Read(handler.MessageType)).DistinctBy(message => message.Id);
                await processor.ProcessAsync(handler, [.. messages], CancellationToken.None);
            }
        },
        stoppingToken);

    private static List<IncomingMessage> Take(ChannelReader<IncomingMessage> deliveries, int count)
    {
        var taken = new List<IncomingMessage>();
        while (taken.Count < count && deliveries.TryRead(out var delivery))
        {
            taken.Add(delivery);
        }

        return taken;
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} is consuming")]
    private partial void LogConsuming(string consumer);

    [LoggerMessage(LogLevel.Warning, "{Consumer} was ended by the broker ({Reason}); redeclaring its queue and consuming again")]
    private partial void LogLost(string consumer, string reason);

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId}, which is retried because workers ended while they had it")]
    private partial void LogSuspectFailed(Exception exception, string consumer, string? messageId);
}
