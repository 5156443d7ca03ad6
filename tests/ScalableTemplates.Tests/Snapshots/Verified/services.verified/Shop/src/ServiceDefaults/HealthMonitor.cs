using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Shop.ServiceDefaults;

/// <summary>Runs each health check in the background, about once a second, so that probes are served from memory.</summary>
internal sealed partial class HealthMonitor(
    IServiceScopeFactory scopes, IOptions<HealthCheckServiceOptions> options, GracefulShutdown shutdown, TimeProvider clock, ILogger<HealthMonitor> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);

    // The first checks also connect and JIT-compile the code that they run, possibly while other processes start on the same machine.
    private static readonly TimeSpan StartupTimeout = TimeSpan.FromSeconds(15);

    // Even a hanging check produces a result when it times out, so an older result means that this process itself is stuck.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(15);

    private readonly long _startedAt = clock.GetTimestamp();
    private readonly Check[] _checks = [.. options.Value.Registrations.Select(registration => new Check(registration, clock.GetTimestamp()))];
    private volatile bool _hasStarted;

    /// <returns>The worst <see cref="HealthStatus"/> of all checks, Starting before it is first better than Unhealthy, or Stopping during shutdown.</returns>
    public string GetStatus() => shutdown.IsStopping ? "Stopping" : _hasStarted ? GetWorstStatus().ToString() : "Starting";

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _hasStarted = _checks.Length == 0;
        return Task.WhenAll(_checks.Select(check => WatchAsync(check, stoppingToken)));
    }

    private HealthStatus GetWorstStatus() => _checks
        .Select(check => clock.GetElapsedTime(check.Result.At) > MaxAge ? HealthStatus.Unhealthy : check.Result.Status)
        .DefaultIfEmpty(HealthStatus.Healthy)
        .Min();

    private async Task WatchAsync(Check check, CancellationToken stoppingToken)
    {
        Task<HealthCheckResult>? run = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            var timeout = _hasStarted ? CheckTimeout : StartupTimeout;
            run ??= Task.Run(() => RunAsync(check.Registration, timeout), CancellationToken.None);
            try
            {
                Record(check, await run.WaitAsync(timeout, clock, stoppingToken));
                run = null;
            }
            catch (TimeoutException)
            {
                // The check ignores cancellation. It is not started again until it completes, or hanging checks would pile up.
                Record(check, new(check.Registration.FailureStatus, $"No result within {timeout.TotalSeconds:0} s."));
            }

            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    private async Task<HealthCheckResult> RunAsync(HealthCheckRegistration registration, TimeSpan timeout)
    {
        using var cancellation = new CancellationTokenSource(registration.Timeout > TimeSpan.Zero ? registration.Timeout : timeout, clock);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            return await registration.Factory(scope.ServiceProvider).CheckHealthAsync(new() { Registration = registration }, cancellation.Token);
        }
        catch (Exception exception)
        {
            return new(registration.FailureStatus, exception.Message, exception);
        }
    }

    private void Record(Check check, HealthCheckResult result)
    {
        check.Result = new(result.Status, clock.GetTimestamp());
        HealthTelemetry.RecordStatus(check.Registration.Name, result.Status);
        _hasStarted |= GetWorstStatus() != HealthStatus.Unhealthy;
        // Not logged during start-up, when dependencies may still be starting as well.
        if (result.Status != check.LoggedStatus && clock.GetElapsedTime(_startedAt) > 2 * StartupTimeout)
        {
            check.LoggedStatus = result.Status;
            LogChanged(result.Status == HealthStatus.Healthy ? LogLevel.Information : LogLevel.Warning, check.Registration.Name, result.Status, result.Description ?? "no details");
        }
    }

    [LoggerMessage("Health check {Check} is {Status}: {Description}")]
    private partial void LogChanged(LogLevel level, string check, HealthStatus status, string? description);

    private sealed class Check(HealthCheckRegistration registration, long createdAt)
    {
        private volatile Result _result = new(HealthStatus.Unhealthy, createdAt);

        public HealthCheckRegistration Registration => registration;

        public HealthStatus LoggedStatus { get; set; } = HealthStatus.Healthy;

        public Result Result
        {
            get => _result;
            set => _result = value;
        }
    }

    private sealed record Result(HealthStatus Status, long At);
}
