using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Scheduling;

/// <summary>Runs each recurring job when it is due, in whichever process gets its lease.</summary>
internal sealed partial class RecurringJobScheduler(
    IEnumerable<RecurringJobRegistration> jobs,
    IServiceScopeFactory scopes,
    RecurringJobHealthCheck health,
    TimeProvider clock,
    ILogger<RecurringJobScheduler> logger) : BackgroundService
{
    // How soon another process goes on after one has died. A run is cancelled before its lease ends.
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(9);
    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(jobs.Select(job => RunAsync(job, stoppingToken)));

    private async Task RunAsync(RecurringJobRegistration job, CancellationToken stoppingToken)
    {
        var wait = job.Interval < MaxWait ? job.Interval : MaxWait;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunIfDueAsync(job, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // An outage of the database is logged once, by its health check.
                if (!DatabaseFailures.IsOutage(exception))
                {
                    LogFailed(exception, job.Name);
                }
            }

            await Task.Delay(wait * (0.5 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken);
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
        var taken = await leases
            .Where(lease => lease.DueAt <= now)
            .ExecuteUpdateAsync(update => update.SetProperty(lease => lease.DueAt, now + Lease), stoppingToken);
        if (taken == 0)
        {
            return;
        }

#if (HasPostgres)
        db.Database.SetCommandTimeout(Timeout);
#endif
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        timeout.CancelAfter(Timeout);
        var pause = MaxWait;
        try
        {
            await ((IRecurringJob)scope.ServiceProvider.GetRequiredService(job.JobType)).RunAsync(timeout.Token);
            pause = job.Interval;
            var succeededAt = clock.GetUtcNow();
            await leases.ExecuteUpdateAsync(update => update.SetProperty(lease => lease.SucceededAt, succeededAt), CancellationToken.None);
            health.Report(job, succeededAt);
        }
        finally
        {
            var due = clock.GetUtcNow() + pause;
            await leases.ExecuteUpdateAsync(update => update.SetProperty(lease => lease.DueAt, due), CancellationToken.None);
        }
    }

    [LoggerMessage(LogLevel.Error, "Recurring job {Job} failed; retrying in a minute")]
    private partial void LogFailed(Exception exception, string job);
}
