using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.Shared.Data;

internal enum DatabaseState
{
    /// <summary>Not probed successfully yet.</summary>
    Unknown,
    Available,

    /// <summary>It answers, but refuses writes, as a server may do after a failover.</summary>
    ReadOnly,

    /// <summary>Down, or it hangs.</summary>
    Unavailable,
}

/// <summary>
/// Probes the database about once a second, on a connection of its own, which neither locks nor a busy pool hold up. Health
/// and <see cref="DatabaseCircuitBreaker"/> go by its state.
/// </summary>
internal sealed class DatabaseMonitor(DatabaseProbe probe, TimeProvider clock) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IntervalAfterFailure = TimeSpan.FromMilliseconds(250);

    // Retries ride out shorter outages, such as a restart; and one late response is no outage.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    // The first probes also connect, and compile the code that they run.
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(10);

    private volatile DatabaseState _state;
    private volatile bool _wasAvailable;
    private volatile string? _reason;

    public DatabaseState State => _state;

    /// <summary>Unhealthy before the database was ever there; from then on the failure status of the registration.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_state switch
        {
            DatabaseState.Available => HealthCheckResult.Healthy(),
            DatabaseState.ReadOnly => new(context.Registration.FailureStatus, "The database refuses writes."),
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
                if (clock.GetElapsedTime(failingSince.Value) >= (_state == DatabaseState.Unknown ? StartTolerance : Tolerance))
                {
                    _reason = exception.Message;
                    _state = DatabaseState.Unavailable;
                }
            }

            await Task.Delay(failingSince is null ? Interval : IntervalAfterFailure, clock, stoppingToken);
        }
    }
}
