using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Shop.Shared.Messaging.DatabaseQueue;

/// <summary>Claims messages and runs their handlers, up to <see cref="MessagingOptions.MaxConcurrency"/> messages concurrently.</summary>
internal sealed partial class MessageDispatcher(
    MessageQueue queue,
    MessageRunner runner,
    OutboxSignal signal,
    OutboxHealthCheck health,
    IOptions<MessagingOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<MessageDispatcher> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Guid, Task> _running = [];
    private readonly HashSet<string> _unhandled = [];
    private long _checkedForUnhandledAt;
    private readonly int _maxConcurrency = options.Value.MaxConcurrency;
    private volatile bool _isBacklogged;
    private int _isPaused;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Claims no more messages once shutdown begins, without waiting for the drain delay.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await using var renewal = clock.CreateTimer(
            _ => _ = TryMoveLeasesAsync([.. _running.Keys], MessageQueue.Lease), null, MessageQueue.Lease / 3, MessageQueue.Lease / 3);
        try
        {
            while (true)
            {
                await signal.WaitAsync(stopping.Token);
                if (_isPaused == 1)
                {
                    await Task.Delay(RetryDelay, clock, stopping.Token);
                }

                await ClaimAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // Handlers that have begun are finished, even at shutdown.
            await Task.WhenAll(_running.Values);
        }
    }

    private async Task ClaimAsync()
    {
        // After an outage, a single message probes the database.
        var free = Math.Min(_maxConcurrency - _running.Count, _isPaused == 1 ? 1 : _maxConcurrency);
        _isBacklogged = true;
        if (free <= 0)
        {
            return;
        }

        try
        {
            var messages = await queue.ClaimAsync(free, CancellationToken.None);
            foreach (var message in messages.Where(message => _running.TryAdd(message.Id, Task.CompletedTask)))
            {
                _running.TryUpdate(message.Id, Task.Run(() => RunAsync(message)), Task.CompletedTask);
            }

            _isBacklogged = messages.Count == free;
            if (messages.Count == 0)
            {
                Resume();
                await LogUnhandledAsync();
            }
        }
        catch (Exception exception)
        {
            Pause(exception);
        }
    }

    // If messages are overdue although none can be claimed, this process may lack their handler.
    private async Task LogUnhandledAsync()
    {
        // An unhandled message keeps the lag high and the polling interval short.
        if (health.Lag <= OutboxHealthCheck.MaxLag || clock.GetElapsedTime(_checkedForUnhandledAt) < OutboxHealthCheck.MaxLag)
        {
            return;
        }

        _checkedForUnhandledAt = clock.GetTimestamp();
        var types = await queue.FindUnhandledAsync(CancellationToken.None);
        foreach (var type in types.Where(_unhandled.Add))
        {
            LogUnhandled(type, OutboxHealthCheck.MaxLag);
        }
    }

    private async Task RunAsync(OutboxMessage message)
    {
        try
        {
            await queue.CompleteAsync(message, await runner.RunAsync(message), CancellationToken.None);
            Resume();
        }
        catch (Exception exception)
        {
            // The database failed, not the message: it is released without using up an attempt.
            Pause(exception);
            await TryMoveLeasesAsync([message.Id], RetryDelay);
        }
        finally
        {
            _running.TryRemove(message.Id, out _);
            if (_isBacklogged)
            {
                signal.Set();
            }
        }
    }

    private async Task TryMoveLeasesAsync(ICollection<Guid> ids, TimeSpan fromNow)
    {
        try
        {
            if (ids.Count > 0)
            {
                await queue.MoveLeaseAsync(ids, fromNow, CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            Pause(exception);
        }
    }

    // Logged once per outage, however many messages are affected.
    private void Pause(Exception exception)
    {
        if (Interlocked.Exchange(ref _isPaused, 1) == 0)
        {
            LogPaused(exception);
        }

        signal.Set();
    }

    private void Resume()
    {
        if (Interlocked.Exchange(ref _isPaused, 0) == 1)
        {
            LogResumed();
            signal.Set();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Messages of type {Type} have been due for over {MaxLag}; they wait for a process with a handler, as this process has none")]
    private partial void LogUnhandled(string type, TimeSpan maxLag);

    [LoggerMessage(LogLevel.Error, "Message handling paused: the database is unavailable. Messages are kept and use up no attempts; handling resumes when the database accepts writes")]
    private partial void LogPaused(Exception exception);

    [LoggerMessage(LogLevel.Information, "Message handling resumed: the database is available again")]
    private partial void LogResumed();
}
