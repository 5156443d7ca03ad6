using System.Threading.RateLimiting;

namespace ScalableBackend.Api.RateLimiting;

/// <summary>The section <c>RateLimiting</c> of the configuration.</summary>
internal sealed class RateLimitingOptions
{
    public const string Section = "RateLimiting";

    /// <summary>The plan of clients without another one.</summary>
    public string DefaultPlan { get; init; } = "standard";

    public Dictionary<string, Plan> Plans { get; init; } = [];
}

/// <summary>The rate limit of a client.</summary>
internal sealed record Plan
{
    public required int RequestsPerMinute { get; init; }

    /// <summary>The size of the token bucket: requests that may arrive at once after an idle period.</summary>
    public required int Burst { get; init; }

    /// <summary>Limits the requests of one client to this process.</summary>
    public TokenBucketRateLimiter CreateLimiter() => new(new()
    {
        TokenLimit = Burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromMinutes(1) / RequestsPerMinute,
        AutoReplenishment = false,
        QueueLimit = 0,
    });
}
