using System.Threading.RateLimiting;

namespace ScalableBackend.Api.Limits;

/// <summary>The section Limits of the configuration.</summary>
internal sealed class LimitOptions
{
    /// <summary>How many requests that only read this process works on at the same time. With more, each takes longer and none is done earlier.</summary>
    public int MaxConcurrentReads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>How many reads that are served from the cache, a bulkhead of their own: while the database is slow or down, they go on.</summary>
    public int MaxConcurrentCachedReads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>How many others, in a bulkhead of their own as well.</summary>
    public int MaxConcurrentWrites { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>How many more of each may wait: as many as come in a burst.</summary>
    public int MaxQueueLength { get; init; } = 24 * Environment.ProcessorCount;

    /// <summary>How long one waits before it is rejected.</summary>
    public TimeSpan MaxQueueTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How much of a bulkhead one client address may use. Where all clients come from one address, set it to 1.</summary>
    public double MaxSharePerClient { get; init; } = 0.75;

    /// <summary>The plan of a client who has no other.</summary>
    public string DefaultPlan { get; init; } = "standard";

    public Dictionary<string, Plan> Plans { get; init; } = [];
}

/// <summary>How much a client may ask for.</summary>
internal sealed record Plan
{
    public required int RequestsPerMinute { get; init; }

    /// <summary>How many requests may come at once, after a while without any.</summary>
    public required int Burst { get; init; }

    /// <summary>Counts the requests of one client to this process.</summary>
    public TokenBucketRateLimiter CreateLimiter() => new(new()
    {
        TokenLimit = Burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromMinutes(1) / RequestsPerMinute,
        AutoReplenishment = false,
        QueueLimit = 0,
    });
}
