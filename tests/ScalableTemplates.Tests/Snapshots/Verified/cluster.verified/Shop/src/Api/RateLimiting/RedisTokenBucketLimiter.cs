using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;
using Polly;
using StackExchange.Redis;

namespace Shop.Api.RateLimiting;

/// <summary>
/// Limits the requests of one client to all replicas with a token bucket in Redis, timed by the clock of Redis. Acquires the tokens of a
/// tenth of a second in one round trip, so that a fast client does not cost one per request. While Redis is unavailable, a local limiter
/// takes over.
/// </summary>
internal sealed class RedisTokenBucketLimiter(IConnectionMultiplexer redis, ResiliencePipeline pipeline, string key, Plan plan) : RateLimiter
{
    private const string AcquireScript = """
        local burst, perMillisecond, requested = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local last = redis.call('HMGET', KEYS[1], 'tokens', 'at')
        local tokens = math.min(burst, (tonumber(last[1]) or burst) + math.max(0, now - (tonumber(last[2]) or now)) * perMillisecond)
        local granted = math.min(requested, math.floor(tokens))
        tokens = tokens - granted
        redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
        redis.call('PEXPIRE', KEYS[1], math.ceil(burst / perMillisecond))
        return { granted, math.floor(tokens), math.ceil((1 - tokens) / perMillisecond) }
        """;

    private readonly double _perMillisecond = plan.RequestsPerMinute / 60_000.0;
    private readonly TokenBucketRateLimiter _local = plan.CreateLimiter();
    private readonly SemaphoreSlim _refillLock = new(1, 1);
    private long _prefetched;
    private long _remaining = plan.Burst;
    private long _prefetchedUntil;
    private long _rejectedUntil;
    private long _usedAt = Environment.TickCount64;

    public override TimeSpan? IdleDuration => TimeSpan.FromMilliseconds(Environment.TickCount64 - _usedAt);

    public override RateLimiterStatistics GetStatistics() =>
        new() { CurrentAvailablePermits = Math.Max(0, Interlocked.Read(ref _prefetched)) + Interlocked.Read(ref _remaining) };

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        var now = _usedAt = Environment.TickCount64;
        return now < Interlocked.Read(ref _prefetchedUntil) && Interlocked.Decrement(ref _prefetched) >= 0
            ? Lease.Granted
            : new Lease(TimeSpan.FromMilliseconds(Math.Max(0, Interlocked.Read(ref _rejectedUntil) - now)));
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        await _refillLock.WaitAsync(cancellationToken);
        try
        {
            var lease = AttemptAcquireCore(permitCount);
            return lease.IsAcquired || Environment.TickCount64 < _rejectedUntil ? lease : await RefillAsync(cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            _local.TryReplenish();
            Interlocked.Exchange(ref _remaining, _local.GetStatistics()!.CurrentAvailablePermits);
            return _local.AttemptAcquire(permitCount);
        }
        finally
        {
            _refillLock.Release();
        }
    }

    protected override void Dispose(bool disposing)
    {
        _local.Dispose();
        _refillLock.Dispose();
        base.Dispose(disposing);
    }

    private async Task<RateLimitLease> RefillAsync(CancellationToken cancellationToken)
    {
        var requested = Math.Max(1, plan.RequestsPerMinute / 600);
        var result = (long[])(await pipeline.ExecuteAsync(
            async timeout => await redis.GetDatabase().ScriptEvaluateAsync(AcquireScript, [key], [plan.Burst, _perMillisecond, requested]).WaitAsync(timeout),
            cancellationToken))!;
        var now = Environment.TickCount64;
        Interlocked.Exchange(ref _remaining, result[1]);
        if (result[0] == 0)
        {
            Interlocked.Exchange(ref _rejectedUntil, now + result[2]);
            return new Lease(TimeSpan.FromMilliseconds(result[2]));
        }

        Interlocked.Exchange(ref _prefetched, result[0] - 1);
        Interlocked.Exchange(ref _prefetchedUntil, now + 1000);
        return Lease.Granted;
    }

    private sealed class Lease(TimeSpan? retryAfter) : RateLimitLease
    {
        public static readonly Lease Granted = new(retryAfter: null);

        public override bool IsAcquired => retryAfter is null;

        public override IEnumerable<string> MetadataNames => IsAcquired ? [] : [MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? retryAfter : null;
            return metadata is not null;
        }
    }
}
