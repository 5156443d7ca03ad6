using System.Threading.RateLimiting;

namespace ScalableBackend.Api.Limits;

/// <summary>The section Limits of the configuration.</summary>
internal sealed class LimitOptions
{
    /// <summary>How many requests that only read this process works on at the same time. With more, each takes longer and none is done earlier.</summary>
    public int Reads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>How many others. They have places of their own, so that reads, however many, take none from them, nor they from reads.</summary>
    public int Writes { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>How many more of each may wait: as many as come in a burst.</summary>
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
