using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.ServiceDefaults;

/// <summary>Checks once a second at most, however many ask.</summary>
internal sealed class HealthReports(HealthCheckService checks, Lifecycle lifecycle, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _checking = new(1, 1);
    private HealthStatus _status;
    private long? _checkedAt;
    private bool _hasStarted;

    /// <returns>How this process is: a <see cref="HealthStatus"/>, or Stopping; or Starting, if it never was well so far.</returns>
    public async Task<string> GetWordAsync(CancellationToken cancellationToken)
    {
        if (lifecycle.IsStopping)
        {
            return "Stopping";
        }

        await _checking.WaitAsync(cancellationToken);
        try
        {
            if (_checkedAt is not { } checkedAt || clock.GetElapsedTime(checkedAt) > Lifetime)
            {
                // The result is for all who probe, so the checks belong to no trace of theirs.
                Activity.Current = null;
                _status = (await checks.CheckHealthAsync(cancellationToken)).Status;
                _checkedAt = clock.GetTimestamp();
                _hasStarted |= _status != HealthStatus.Unhealthy;
            }

            return _hasStarted ? _status.ToString() : "Starting";
        }
        finally
        {
            _checking.Release();
        }
    }

    public void Dispose() => _checking.Dispose();
}
