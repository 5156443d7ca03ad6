using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;

namespace ScalableBackend.Core.Caching;

/// <summary>The memory of this process in front of a shared Redis. While Redis is down, memory and database serve on.</summary>
public static class Cache
{
    public static void AddCache(this IHostApplicationBuilder builder)
    {
        builder.GetRequiredConnectionString(ResourceNames.Cache);
        builder.AddRedisDistributedCache(
            ResourceNames.Cache,
            settings => settings.DisableHealthChecks = true,
            options => options.FailFast());
        builder.Services.AddHealthChecks().AddRedis(
            services => services.GetRequiredService<IConnectionMultiplexer>(), "cache", HealthStatus.Degraded);
        builder.Services.AddHybridCache(options => options.DefaultEntryOptions = CacheOptions.Default);
        builder.Services.AddSingleton<CacheInvalidation>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CacheInvalidation>());
    }
}
