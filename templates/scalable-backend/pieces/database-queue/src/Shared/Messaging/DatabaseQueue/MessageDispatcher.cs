using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ScalableBackend.Shared.Messaging.DatabaseQueue;

/// <summary>Claims messages and runs their handlers, so many at once as <see cref="MessagingOptions.MaxConcurrency"/> says.</summary>
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
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Guid, Task> _running = [];
    private readonly HashSet<string> _unhandled = [];
    private long _lookedForUnhandledAt;
    private readonly int _maxConcurrency = options.Value.MaxConcurrency;
    private volatile bool _isBacklogged;
    private int _isPaused;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Claims nothing more as soon as the process is asked to end, not only after the drain delay.
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
                    await Task.Delay(PauseAfterFailure, clock, stopping.Token);
                }

                await ClaimAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // What has begun is finished, also when the process is to end.
            await Task.WhenAll(_running.Values);
        }
    }

    private async Task ClaimAsync()
    {
        // After a failure, one message tells whether the database is back.
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

    // A message that is due, though there is nothing left to claim, is in the hands of another process or of none.
    private async Task LogUnhandledAsync()
    {
        // Such a message keeps the lag up, and the polls short.
        if (health.Lag <= OutboxHealthCheck.MaxLag || clock.GetElapsedTime(_lookedForUnhandledAt) < OutboxHealthCheck.MaxLag)
        {
            return;
        }

        _lookedForUnhandledAt = clock.GetTimestamp();
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
            // The database failed, not the message: it comes again, with as many tries as before.
            Pause(exception);
            await TryMoveLeasesAsync([message.Id], PauseAfterFailure);
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

    // Logged once, however many messages it is about.
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

    [LoggerMessage(LogLevel.Warning, "Messages of type {Type} have been due for over {MaxLag}, and this process has no handler for them; they wait for a process that has one")]
    private partial void LogUnhandled(string type, TimeSpan maxLag);

    [LoggerMessage(LogLevel.Error, "Message handling is paused: the database is unavailable. Messages are kept and use up no tries; resumes when it can be written")]
    private partial void LogPaused(Exception exception);

    [LoggerMessage(LogLevel.Information, "Message handling is resumed: the database is available again")]
    private partial void LogResumed();
}
