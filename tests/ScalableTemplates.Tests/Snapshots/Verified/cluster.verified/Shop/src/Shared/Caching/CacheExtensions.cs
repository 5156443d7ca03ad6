using Shop.ServiceDefaults;

namespace Shop.Shared.Caching;

/// <summary>An in-process L1 cache in front of a shared Redis. While Redis is down, the L1 cache and the database serve all requests.</summary>
public static class CacheExtensions
{
    public static void AddCache(this IHostApplicationBuilder builder)
    {
        builder.GetRequiredConnectionString(ResourceNames.Cache);
        builder.AddRedisClient(
            ResourceNames.Cache,
            settings => settings.DisableHealthChecks = true,
            options => options.FailFast());
        builder.AddSharedCache();
    }
}
