using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging;

/// <summary>Signals messages that no commit of this process signals: scheduled messages, retries, and messages of processes that ended.</summary>
internal sealed partial class OutboxPoller(
    IServiceScopeFactory scopes, OutboxSignal signal, OutboxHealthCheck health, TimeProvider clock, ILogger<OutboxPoller> logger) : BackgroundService
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(2);

    // A message becomes visible when its transaction commits. If that takes longer than this, the next full scan finds it.
    private static readonly TimeSpan MaxCommitDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinFullScanInterval = TimeSpan.FromSeconds(5);

    private TimeSpan _fullScanInterval;
    private long _lastFullScan;

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

            // Jitter, so replicas do not poll in lockstep.
            await Task.Delay(interval * (0.5 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken);
        }
    }

    private async Task<bool> IsWorkDueAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var now = clock.GetUtcNow();
        var oldest = await FindOldestAsync(db, cancellationToken);
        signal.From = oldest < now - MaxCommitDelay ? oldest.Value : now - MaxCommitDelay;
        var lag = now - oldest;
        var isDue = lag >= TimeSpan.Zero;
        health.Lag = isDue ? lag!.Value : TimeSpan.Zero;
        MessagingTelemetry.RecordOutboxLag(health.Lag);
        if (isDue)
        {
            signal.Set();
        }

        return isDue;
    }

    // Full scans take at most a twentieth of the time, however many dead rows they read.
    private async Task<DateTimeOffset?> FindOldestAsync(AppDbContext db, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var isFullScan = clock.GetElapsedTime(_lastFullScan, started) >= _fullScanInterval;
        var from = isFullScan ? DateTimeOffset.UnixEpoch : signal.From;
        var oldest = await db.OutboxMessages.Where(message => message.DueAt >= from).MinAsync(message => message.DueAt, cancellationToken);
        if (isFullScan)
        {
            _lastFullScan = clock.GetTimestamp();
            var interval = clock.GetElapsedTime(started) * 20;
            _fullScanInterval = interval > MinFullScanInterval ? interval : MinFullScanInterval;
            MessagingTelemetry.RecordOutboxDeadRows(await db.Database
                .SqlQuery<long>($"SELECT pg_stat_get_dead_tuples('outbox_messages'::regclass) AS \"Value\"")
                .SingleAsync(cancellationToken));
        }

        return oldest;
    }

    [LoggerMessage(LogLevel.Error, "Polling the outbox failed; retrying every {Interval}")]
    private partial void LogFailed(Exception exception, TimeSpan interval);
}
