using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace ScalableBackend.ServiceDefaults;

/// <summary>Checks once a second at most, however many ask.</summary>
internal sealed class HealthReports
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);

    // The first checks also connect, and compile the code that they run, perhaps while other processes start on the same machine.
    private static readonly TimeSpan FirstCheckTimeout = TimeSpan.FromSeconds(15);

    private readonly HealthCheckService _checks;
    private readonly Lifecycle _lifecycle;
    private readonly TimeProvider _clock;
    private readonly List<HealthCheckRegistration> _withoutTimeout;
    private readonly Lock _gate = new();
    private Task<HealthStatus>? _check;
    private long _checkedAt;
    private bool _hasStarted;

    public HealthReports(HealthCheckService checks, IOptions<HealthCheckServiceOptions> options, Lifecycle lifecycle, TimeProvider clock)
    {
        _checks = checks;
        _lifecycle = lifecycle;
        _clock = clock;
        _withoutTimeout = [.. options.Value.Registrations.Where(check => check.Timeout == Timeout.InfiniteTimeSpan)];
        _withoutTimeout.ForEach(check => check.Timeout = FirstCheckTimeout);
    }

    /// <returns>How this process is: a <see cref="HealthStatus"/>, or Stopping; or Starting, if it never was well so far.</returns>
    public async Task<string> GetWordAsync(CancellationToken cancellationToken)
    {
        if (_lifecycle.IsStopping)
        {
            return "Stopping";
        }

        Task<HealthStatus> check;
        lock (_gate)
        {
            if (_check is null || (_check.IsCompleted && _clock.GetElapsedTime(_checkedAt) > Lifetime))
            {
                _check = CheckAsync();
            }

            check = _check;
        }

        var status = await check.WaitAsync(cancellationToken);
        return _hasStarted ? status.ToString() : "Starting";
    }

    // Not cancelled by a probe that has waited long enough: the check would take its own end for a failure, and the next probe starts over.
    private async Task<HealthStatus> CheckAsync()
    {
        // The result is for all who probe, so the checks belong to no trace of theirs.
        Activity.Current = null;
        var report = await _checks.CheckHealthAsync(CancellationToken.None);
        _checkedAt = _clock.GetTimestamp();
        if (!_hasStarted && report.Status != HealthStatus.Unhealthy)
        {
            _hasStarted = true;
            _withoutTimeout.ForEach(check => check.Timeout = CheckTimeout);
        }

        return report.Status;
    }
}
