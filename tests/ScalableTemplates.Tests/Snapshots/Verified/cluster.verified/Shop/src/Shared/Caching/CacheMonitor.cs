using Microsoft.Extensions.Diagnostics.HealthChecks;
using Shop.ServiceDefaults;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;

namespace Shop.Shared.Caching;

/// <summary>
/// Probes Redis with a write every second. While Redis hangs, is down or rejects writes (read-only, out of memory), this process
/// bypasses it, because entries that other replicas change could not be removed from it.
/// </summary>
internal sealed partial class CacheMonitor(IConnectionMultiplexer redis, IFusionCache cache, TimeProvider clock, ILogger<CacheMonitor> logger)
    : BackgroundService, IHealthCheck
{
    private const string Key = "cache:monitor";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The first write also connects and JIT-compiles the code that it runs.
    private static readonly TimeSpan StartupTimeout = TimeSpan.FromSeconds(15);

    // Leaves every replica time to retry its failed removals before Redis is used again.
    private const int SuccessesBeforeResume = 5;

    // A single failure may be transient and does not warrant a warning.
    private const int FailuresBeforeWarning = 2;

    private volatile bool _isBypassed;
    private int _failures;
    private int _successes;
    private bool _hasStarted;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_isBypassed ? new HealthCheckResult(context.Registration.FailureStatus, "Redis is bypassed.") : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                var timeout = _hasStarted ? Interval : StartupTimeout;
                await redis.GetDatabase().StringSetAsync(Key, RedisValue.EmptyString, StartupTimeout).WaitAsync(timeout, clock, stoppingToken);
                _hasStarted = true;
                OnSuccess();
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                OnFailure(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void OnSuccess()
    {
        if (!_isBypassed || ++_successes < SuccessesBeforeResume)
        {
            return;
        }

        if (_failures >= FailuresBeforeWarning)
        {
            LogResumed();
        }

        _failures = 0;
        SetBypassed(false);
    }

    private void OnFailure(Exception exception)
    {
        _successes = 0;
        SetBypassed(true);
        if (++_failures == FailuresBeforeWarning)
        {
            LogBypassed(exception.Message);
        }
    }

    // Backplane notifications are skipped as well, because they also go through Redis.
    private void SetBypassed(bool isBypassed)
    {
        _isBypassed = isBypassed;
        cache.DefaultEntryOptions.SetSkipDistributedCache(isBypassed, skipBackplaneNotifications: isBypassed);
    }

    [LoggerMessage(LogLevel.Warning, "Could not write to Redis ({Reason}); bypassing it until writes succeed. Other replicas may serve stale data for up to 5 seconds")]
    private partial void LogBypassed(string reason);

    [LoggerMessage(LogLevel.Information, "Redis accepts writes again and is no longer bypassed")]
    private partial void LogResumed();
}
