using Microsoft.Extensions.Diagnostics.HealthChecks;
using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;

namespace ScalableBackend.Shared.Caching;

/// <summary>
/// Writes to Redis once a second. While it hangs, is down or refuses writes (read-only, out of memory), this process bypasses it:
/// what another replica has changed could not be removed from it.
/// </summary>
internal sealed partial class CacheMonitor(IConnectionMultiplexer redis, IFusionCache cache, TimeProvider clock, ILogger<CacheMonitor> logger)
    : BackgroundService, IHealthCheck
{
    private const string Key = "cache:monitor";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The first write also connects, and compiles the code that it runs.
    private static readonly TimeSpan FirstTimeout = TimeSpan.FromSeconds(15);

    // Redis is used again when every replica has had the time to repeat the removals that failed.
    private const int ResumeAfter = 5;

    // One failure may be a hiccup, and is not worth a warning.
    private const int WarnAfter = 2;

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
                var timeout = _hasStarted ? Interval : FirstTimeout;
                await redis.GetDatabase().StringSetAsync(Key, RedisValue.EmptyString, FirstTimeout).WaitAsync(timeout, clock, stoppingToken);
                _hasStarted = true;
                Succeeded();
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Succeeded()
    {
        if (!_isBypassed || ++_successes < ResumeAfter)
        {
            return;
        }

        if (_failures >= WarnAfter)
        {
            LogResumed();
        }

        _failures = 0;
        Bypass(false);
    }

    private void Failed(Exception exception)
    {
        _successes = 0;
        Bypass(true);
        if (++_failures == WarnAfter)
        {
            LogBypassed(exception.Message);
        }
    }

    // Without Redis, a replica that caches a value has nothing to tell the others.
    private void Bypass(bool isBypassed)
    {
        _isBypassed = isBypassed;
        cache.DefaultEntryOptions.SetSkipDistributedCache(isBypassed, skipBackplaneNotifications: isBypassed);
    }

    [LoggerMessage(LogLevel.Warning, "Redis cannot be written to ({Reason}); it is bypassed, and other replicas may serve stale data for up to 5 seconds")]
    private partial void LogBypassed(string reason);

    [LoggerMessage(LogLevel.Information, "Redis can be written to; it is used again")]
    private partial void LogResumed();
}
