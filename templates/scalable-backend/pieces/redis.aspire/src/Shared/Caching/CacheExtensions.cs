using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Shared.Caching;

/// <summary>The memory of this process in front of a shared Redis. While Redis is down, memory and database serve on.</summary>
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
