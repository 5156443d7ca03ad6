using System.Threading.RateLimiting;

namespace ScalableBackend.Api.Limits;

/// <summary>The section Limits of the configuration.</summary>
internal sealed class LimitOptions
{
    /// <summary>How many requests this process works on at the same time. With more, each takes longer and none is done earlier.</summary>
    public int Concurrency { get; init; } = 12 * Environment.ProcessorCount;

    /// <summary>How many of these may be requests that only read, so that writes come through when reads are too many.</summary>
    public int ReadConcurrency { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>How many more may wait. Those at the end of a longer queue would have given up when their turn comes.</summary>
    public int Queue { get; init; } = 24 * Environment.ProcessorCount;

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
    public TokenBucketRateLimiter CreateBudget() => new(new()
    {
        TokenLimit = Burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromMinutes(1) / RequestsPerMinute,
        AutoReplenishment = false,
        QueueLimit = 0,
    });
}
