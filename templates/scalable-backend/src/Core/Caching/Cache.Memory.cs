using Microsoft.Extensions.Caching.Hybrid;

namespace ScalableBackend.Core.Caching;

/// <summary>The memory of this process.</summary>
public static class Cache
{
    public static void AddCache(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHybridCache(options => options.DefaultEntryOptions = new HybridCacheEntryOptions
        {
            // With several replicas, another one may serve a value this much older than the last change.
            Expiration = TimeSpan.FromSeconds(30),
        });
        builder.Services.AddSingleton<CacheInvalidation>();
    }
}
