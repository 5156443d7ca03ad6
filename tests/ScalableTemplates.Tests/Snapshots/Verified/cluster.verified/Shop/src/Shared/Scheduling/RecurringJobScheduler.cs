using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;

namespace Shop.Shared.Scheduling;

/// <summary>Runs each recurring job when it is due, in the process that acquires its lease.</summary>
internal sealed partial class RecurringJobScheduler(
    IEnumerable<RecurringJobRegistration> jobs,
    IServiceScopeFactory scopes,
    RecurringJobHealthCheck health,
    TimeProvider clock,
    ILogger<RecurringJobScheduler> logger) : BackgroundService
{
    // The longest time before another process takes over from one that crashed. A run is cancelled before its lease expires.
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(9);
    private static readonly TimeSpan MaxPollInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(jobs.Select(job => RunAsync(job, stoppingToken)));

    private async Task RunAsync(RecurringJobRegistration job, CancellationToken stoppingToken)
    {
        var pollInterval = job.Interval < MaxPollInterval ? job.Interval : MaxPollInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunIfDueAsync(job, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The health check logs a database outage, once.
                if (!DatabaseFailures.IsOutage(exception))
                {
                    LogFailed(exception, job.Name);
                }
            }

            // Jitter, so replicas do not poll in lockstep.
            await Task.Delay(pollInterval * (0.5 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken);
        }
    }

    private async Task RunIfDueAsync(RecurringJobRegistration job, CancellationToken stoppingToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var leases = db.JobLeases.Where(lease => lease.Name == job.Name);
        await db.Database.ExecuteSqlAsync($"INSERT INTO job_leases (name) VALUES ({job.Name}) ON CONFLICT DO NOTHING", stoppingToken);
        health.Report(job, await leases.Select(lease => lease.SucceededAt).SingleAsync(stoppingToken));
        var now = clock.GetUtcNow();
        var expiresAt = now + LeaseDuration;
        var acquired = await leases
            .Where(lease => lease.DueAt <= now)
            .ExecuteUpdateAsync(update => update.SetProperty(lease => lease.DueAt, expiresAt), stoppingToken);
        if (acquired == 0)
        {
            return;
        }

        db.Database.SetCommandTimeout(RunTimeout);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        timeout.CancelAfter(RunTimeout);
        var delay = RetryDelay;
        try
        {
            await ((IRecurringJob)scope.ServiceProvider.GetRequiredService(job.JobType)).RunAsync(timeout.Token);
            delay = job.Interval;
            var succeededAt = clock.GetUtcNow();
            await leases.ExecuteUpdateAsync(update => update.SetProperty(lease => lease.SucceededAt, succeededAt), CancellationToken.None);
            health.Report(job, succeededAt);
        }
        finally
        {
            var dueAt = clock.GetUtcNow() + delay;
            // A process that was suspended past its lease must not release the lease of its successor.
            await leases.Where(lease => lease.DueAt == expiresAt).ExecuteUpdateAsync(update => update.SetProperty(lease => lease.DueAt, dueAt), CancellationToken.None);
        }
    }

    [LoggerMessage(LogLevel.Error, "Recurring job {Job} failed; retrying in a minute")]
    private partial void LogFailed(Exception exception, string job);
}
