using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Scheduling;

/// <summary>Degraded while a recurring job is overdue, because it fails or no process runs it. Uses what the scheduler last read, without a query.</summary>
internal sealed class RecurringJobHealthCheck(TimeProvider clock) : IHealthCheck
{
    public const string MeterName = "Shop.Scheduling";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Gauge<double> Overdue = Meter.CreateGauge<double>(
        "recurring_job.overdue", "s", "Time since a recurring job should have succeeded, by job; 0 if it is on time.");

    // Covers a long run, and the lease that a crashed process still holds.
    private static readonly TimeSpan GracePeriod = TimeSpan.FromMinutes(20);

    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _overdue = [];

    /// <param name="succeededAt">When the job last succeeded, in any process.</param>
    public void Report(RecurringJobRegistration job, DateTimeOffset succeededAt)
    {
        var dueAt = (succeededAt == DateTimeOffset.UnixEpoch ? _startedAt : succeededAt) + job.Interval + GracePeriod;
        var overdue = clock.GetUtcNow() - dueAt;
        Overdue.Record(Math.Max(0, overdue.TotalSeconds), new KeyValuePair<string, object?>("recurring_job.name", job.Name));
        if (overdue > TimeSpan.Zero)
        {
            _overdue[job.Name] = succeededAt;
        }
        else
        {
            _overdue.TryRemove(job.Name, out _);
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_overdue.IsEmpty
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(
                context.Registration.FailureStatus, $"Overdue: {string.Join(", ", _overdue.Select(job => $"{job.Key}, last succeeded {job.Value:u}"))}"));
}
