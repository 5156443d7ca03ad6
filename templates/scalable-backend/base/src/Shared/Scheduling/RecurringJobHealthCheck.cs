using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.Shared.Scheduling;

/// <summary>Degraded while a recurring job is overdue: it fails, or no process runs it. Asks no server, as the scheduler has looked.</summary>
internal sealed class RecurringJobHealthCheck(TimeProvider clock) : IHealthCheck
{
    public const string MeterName = "ScalableBackend.Scheduling";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Gauge<double> Overdue = Meter.CreateGauge<double>(
        "recurring_job.overdue", "s", "By how much a recurring job has not succeeded in time, by job; 0 if it has.");

    // A run that takes its time, and the lease of a process that died, are no reason to be alarmed.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(20);

    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _overdue = [];

    /// <param name="succeededAt">When the job last succeeded, in any process.</param>
    public void Report(RecurringJobRegistration job, DateTimeOffset succeededAt)
    {
        var dueAt = (succeededAt == DateTimeOffset.UnixEpoch ? _startedAt : succeededAt) + job.Interval + Grace;
        var overdue = clock.GetUtcNow() - dueAt;
        Overdue.Record(Math.Max(0, overdue.TotalSeconds), new KeyValuePair<string, object?>("job", job.Name));
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
