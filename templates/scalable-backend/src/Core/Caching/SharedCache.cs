using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;

namespace ScalableBackend.Core.Caching;

internal static class SharedCache
{
    // A cache that answers late is worse than none: a request goes to the database rather than wait.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    // Changes reach every replica at once. Where the word of one is lost, as Redis was down, the memory of a replica serves
    // the old value for the local expiration; after a process died before it could tell Redis, for the whole one.
    private static readonly HybridCacheEntryOptions EntryOptions = new()
    {
        Expiration = TimeSpan.FromMinutes(5),
        LocalCacheExpiration = TimeSpan.FromSeconds(5),
    };

    /// <summary>Puts memory, and a pipeline, in front of the Redis that is registered.</summary>
    public static void AddSharedCache(this IHostApplicationBuilder builder)
    {
        builder.AddPipeline(ResourceNames.Cache, Timeout);
        builder.Services.AddStackExchangeRedisCache(_ => { });
        builder.Services.AddOptions<RedisCacheOptions>().Configure<IServiceProvider>((options, services) =>
            options.ConnectionMultiplexerFactory = () => Task.FromResult(services.GetRequiredService<IConnectionMultiplexer>()));
        builder.Services.AddKeyedSingleton<IDistributedCache>(
            ResourceNames.Cache, (services, _) => ActivatorUtilities.CreateInstance<ResilientCache>(services, services.GetRequiredService<IDistributedCache>()));
        builder.Services.AddHybridCache(options =>
        {
            options.DefaultEntryOptions = EntryOptions;
            options.DistributedCacheServiceKey = ResourceNames.Cache;
        });
        builder.Services.AddHealthChecks().AddRedis(
            services => services.GetRequiredService<IConnectionMultiplexer>(), ResourceNames.Cache, HealthStatus.Degraded);
        builder.Services.AddSingleton<CacheInvalidation>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CacheInvalidation>());
    }

    public static void FailFast(this ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 1000;
    }
}
