using ZiggyCreatures.Caching.Fusion;

namespace ScalableBackend.Shared.Caching;

/// <summary>The memory of this process.</summary>
public static class CacheExtensions
{
    // With several replicas, the others may serve a value for this long after it has changed.
    private static readonly TimeSpan Expiration = TimeSpan.FromSeconds(30);

    public static void AddCache(this IHostApplicationBuilder builder)
    {
        builder.Services.AddFusionCache().WithDefaultEntryOptions(options => options.SetDuration(Expiration)).AsHybridCache();
        builder.Services.AddSingleton<CacheInvalidation>();
    }
}
