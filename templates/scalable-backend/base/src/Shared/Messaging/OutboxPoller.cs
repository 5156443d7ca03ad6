using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging;

/// <summary>Wakes the relay for messages that nobody in this process signals: scheduled, to be tried again, or left by another process.</summary>
internal sealed partial class OutboxPoller(
    IServiceScopeFactory scopes, OutboxSignal signal, OutboxHealthCheck health, TimeProvider clock, ILogger<OutboxPoller> logger) : BackgroundService
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(2);

    // A message becomes visible with the commit of its transaction. One that took longer than this waits for the next look back.
    private static readonly TimeSpan CommitTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinLookBackInterval = TimeSpan.FromSeconds(5);

    private TimeSpan _lookBackInterval;
    private long _lookedBackAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = MinInterval;
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                interval = await IsWorkDueAsync(stoppingToken) ? MinInterval : interval * 2 < MaxInterval ? interval * 2 : MaxInterval;
                isFailing = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isFailing)
                {
                    LogFailed(exception, MaxInterval);
                }

                isFailing = true;
                interval = MaxInterval;
            }

            // Spread over time, so that replicas do not all ask at once.
            await Task.Delay(interval * (0.5 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken);
        }
    }

    private async Task<bool> IsWorkDueAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var now = clock.GetUtcNow();
        var oldest = await FindOldestAsync(db, cancellationToken);
        signal.From = oldest < now - CommitTime ? oldest.Value : now - CommitTime;
        var lag = now - oldest;
        var isDue = lag >= TimeSpan.Zero;
        health.Lag = isDue ? lag!.Value : TimeSpan.Zero;
        MessagingTelemetry.Waiting(health.Lag);
        if (isDue)
        {
            signal.Set();
        }

        return isDue;
    }

    // A look at the whole outbox takes at most a twentieth of the time, however many deleted rows it has to read past.
    private async Task<DateTimeOffset?> FindOldestAsync(AppDbContext db, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var isLookBack = clock.GetElapsedTime(_lookedBackAt, started) >= _lookBackInterval;
        var from = isLookBack ? DateTimeOffset.UnixEpoch : signal.From;
        var oldest = await db.OutboxMessages.Where(message => message.DueAt >= from).MinAsync(message => message.DueAt, cancellationToken);
        if (isLookBack)
        {
            _lookedBackAt = clock.GetTimestamp();
            var pause = clock.GetElapsedTime(started) * 20;
            _lookBackInterval = pause > MinLookBackInterval ? pause : MinLookBackInterval;
        }

        return oldest;
    }

    [LoggerMessage(LogLevel.Error, "Polling the outbox failed; retrying every {Interval}")]
    private partial void LogFailed(Exception exception, TimeSpan interval);
}
