using ZiggyCreatures.Caching.Fusion;

namespace Shop.Shared.Caching;

/// <summary>The in-memory cache of this process.</summary>
public static class CacheExtensions
{
    // With several replicas, the others may serve stale data for this long after a change.
    private static readonly TimeSpan Expiration = TimeSpan.FromSeconds(30);

    public static void AddCache(this IHostApplicationBuilder builder)
    {
        builder.Services.AddFusionCache().WithDefaultEntryOptions(options => options.SetDuration(Expiration)).AsHybridCache();
        builder.Services.AddSingleton<CacheInvalidation>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("ZiggyCreatures.Caching.Fusion"));
    }
}
