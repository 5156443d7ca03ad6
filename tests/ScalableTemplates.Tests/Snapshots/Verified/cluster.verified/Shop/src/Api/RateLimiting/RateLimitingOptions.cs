using System.Threading.RateLimiting;

namespace Shop.Api.RateLimiting;

/// <summary>The configuration section <c>RateLimiting</c>.</summary>
internal sealed class RateLimitingOptions
{
    public const string Section = "RateLimiting";

    /// <summary>The plan of clients that are not assigned to another plan.</summary>
    public string DefaultPlan { get; init; } = "standard";

    public Dictionary<string, Plan> Plans { get; init; } = [];
}

/// <summary>The rate limit of a client.</summary>
internal sealed record Plan
{
    public required int RequestsPerMinute { get; init; }

    /// <summary>The size of the token bucket: the number of requests that may arrive together after an idle period.</summary>
    public required int Burst { get; init; }

    /// <summary>Creates a limiter for the requests of one client to this process.</summary>
    public TokenBucketRateLimiter CreateLimiter() => new(new()
    {
        TokenLimit = Burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromMinutes(1) / RequestsPerMinute,
        AutoReplenishment = false,
        QueueLimit = 0,
    });
}
