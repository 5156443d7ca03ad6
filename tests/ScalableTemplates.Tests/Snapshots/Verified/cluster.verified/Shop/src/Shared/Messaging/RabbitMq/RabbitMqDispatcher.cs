using System.Threading.Channels;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>
/// Runs the handler on the messages of one consumer, concurrently and in batches. A message is acknowledged once its effects are
/// committed; without an acknowledgement the broker redelivers it, perhaps to another process.
/// </summary>
internal sealed partial class RabbitMqDispatcher(
    MessageProcessor processor,
    HandlerRegistration handler,
    MessagingOptions options,
    MessageFailureHandler failures,
    ConsumerCircuitBreaker breaker,
    ILogger<RabbitMqDispatcher> logger)
{
    // Synchronous continuations: the thread that receives a message starts the inbox query, and is free again once the query is sent.
    private readonly Channel<IncomingMessage> _received =
        Channel.CreateUnbounded<IncomingMessage>(new() { SingleReader = true, AllowSynchronousContinuations = true });

    // Bounded, so that more messages gather for each inbox query.
    private readonly Channel<IncomingMessage> _pending = Channel.CreateBounded<IncomingMessage>(Math.Max(options.MaxConcurrency, handler.BatchSize));

    private Task[] _loops = [];

    public void Enqueue(IncomingMessage message) => _received.Writer.TryWrite(message);

    /// <returns>False if it had ended before.</returns>
    public bool TryEnd(Exception reason) => _received.Writer.TryComplete(reason);

    public void Start(CancellationToken stoppingToken)
    {
        // For batches only two, so that messages gather to a large batch while the other one is handled.
        var concurrency = handler.BatchSize > 1 ? 2 : options.MaxConcurrency;
        _loops = [FilterDuplicatesAsync(stoppingToken), .. Enumerable.Range(0, concurrency).Select(_ => HandleAllAsync(stoppingToken))];
    }

    /// <summary>Waits until one of the loops has ended, and takes no more messages.</summary>
    public async Task WaitForEndAsync()
    {
        await Task.WhenAny(_loops);
        _received.Writer.TryComplete();
        _pending.Writer.TryComplete();
    }

    /// <summary>Waits for the handlers that have begun.</summary>
    public Task DrainAsync() => Task.WhenAll(_loops);

    private async Task FilterDuplicatesAsync(CancellationToken stoppingToken)
    {
        while (await _received.Reader.WaitToReadAsync(stoppingToken))
        {
            var messages = Take(_received.Reader, int.MaxValue);
            IReadOnlySet<Guid> handled = new HashSet<Guid>();
            var ids = messages.Select(message => message.MessageId).OfType<Guid>();
            await breaker.ExecuteAsync(async () => handled = await processor.FindHandledAsync(handler, ids, stoppingToken), stoppingToken);
            foreach (var message in messages)
            {
                if (message.MessageId is { } id && handled.Contains(id))
                {
                    await message.AckAsync();
                }
                else
                {
                    await _pending.Writer.WriteAsync(message, stoppingToken);
                }
            }
        }
    }

    private async Task HandleAllAsync(CancellationToken stoppingToken)
    {
        while (await _pending.Reader.WaitToReadAsync(stoppingToken))
        {
            var batch = Take(_pending.Reader, handler.BatchSize);
            foreach (var suspect in batch.Where(message => message.Properties.IsSuspect()))
            {
                await HandleSuspectAsync(suspect, stoppingToken);
            }

            batch.RemoveAll(message => message.Properties.IsSuspect());
            if (batch.Count > 0)
            {
                await HandleAsync(batch, stoppingToken);
            }
        }
    }

    // A handler that has begun is not cancelled at shutdown. If it takes longer than the shutdown does, its message is redelivered unchanged.
    private async Task HandleAsync(List<IncomingMessage> batch, CancellationToken stoppingToken)
    {
        try
        {
            await ProcessAsync(batch, stoppingToken);
        }
        catch (Exception) when (batch.Count > 1)
        {
            stoppingToken.ThrowIfCancellationRequested();
            foreach (var message in batch)
            {
                await HandleAsync([message], stoppingToken);
            }

            return;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            await failures.RetryOrDeadLetterAsync(batch[0], exception, stoppingToken);
        }

        foreach (var message in batch)
        {
            await message.AckAsync();
        }
    }

    private async Task HandleSuspectAsync(IncomingMessage message, CancellationToken stoppingToken)
    {
        var hasAttemptsLeft = await failures.RecordAttemptAsync(message, stoppingToken);
        await message.AckAsync();
        if (hasAttemptsLeft)
        {
            try
            {
                await ProcessAsync([message], stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogSuspectFailed(exception, handler.Consumer, message.Properties.MessageId);
            }
        }
    }

    private Task ProcessAsync(List<IncomingMessage> batch, CancellationToken stoppingToken) => breaker.ExecuteAsync(
        async () =>
        {
            // While the circuit breaker was open, the channel may have closed and the messages may have been redelivered elsewhere.
            if (batch[0].IsHeld)
            {
                var messages = batch.Select(message => message.Read(handler.MessageType)).DistinctBy(message => message.Id);
                await processor.ProcessAsync(handler, [.. messages], CancellationToken.None);
            }
        },
        stoppingToken);

    private static List<IncomingMessage> Take(ChannelReader<IncomingMessage> messages, int count)
    {
        var taken = new List<IncomingMessage>();
        while (taken.Count < count && messages.TryRead(out var message))
        {
            taken.Add(message);
        }

        return taken;
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} failed on message {MessageId}, which was redelivered repeatedly because workers exited while handling it; its retry is already scheduled")]
    private partial void LogSuspectFailed(Exception exception, string consumer, string? messageId);
}
