using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Data;

internal enum DatabaseState
{
    /// <summary>No probe has succeeded yet.</summary>
    Unknown,
    Available,

    /// <summary>Responds but rejects writes, for example after a failover.</summary>
    ReadOnly,

    /// <summary>Unreachable or hanging.</summary>
    Unavailable,
}

/// <summary>
/// Probes the database about once a second, on a dedicated connection, so neither locks nor an exhausted pool delay the probe.
/// The health check and <see cref="DatabaseCircuitBreaker"/> use the resulting state.
/// </summary>
internal sealed class DatabaseMonitor(DatabaseProbe probe, TimeProvider clock) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IntervalAfterFailure = TimeSpan.FromMilliseconds(250);

    // Retries cover shorter outages, such as a restart, and a single slow response is not an outage.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    // The first probes also open the connection and JIT-compile the code that they run.
    private static readonly TimeSpan StartupTolerance = TimeSpan.FromSeconds(10);

    private volatile DatabaseState _state;
    private volatile bool _wasAvailable;
    private volatile string? _reason;

    public DatabaseState State => _state;

    /// <summary>Returns Unhealthy for an outage before the database was first available, and the registration's failure status for later ones.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_state switch
        {
            DatabaseState.Available => HealthCheckResult.Healthy(),
            DatabaseState.ReadOnly => new(context.Registration.FailureStatus, "The database is read-only."),
            _ => new HealthCheckResult(_wasAvailable ? context.Registration.FailureStatus : HealthStatus.Unhealthy, $"The database is unavailable: {_reason}"),
        });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? failingSince = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _state = await probe.IsWritableAsync(stoppingToken) ? DatabaseState.Available : DatabaseState.ReadOnly;
                _wasAvailable |= _state == DatabaseState.Available;
                failingSince = null;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                failingSince ??= clock.GetTimestamp();
                if (clock.GetElapsedTime(failingSince.Value) >= (_state == DatabaseState.Unknown ? StartupTolerance : Tolerance))
                {
                    _reason = exception.Message;
                    _state = DatabaseState.Unavailable;
                }
            }

            await Task.Delay(failingSince is null ? Interval : IntervalAfterFailure, clock, stoppingToken);
        }
    }
}
