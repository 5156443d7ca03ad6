using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace ScalableBackend.Shared.Caching;

internal static class RedisCacheExtensions
{
    // A cache that answers late is worse than none: a request goes to the database rather than wait.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    // How long Redis keeps a value. An old one lasts as long if the process that changed it died before it removed it.
    private static readonly TimeSpan Expiration = TimeSpan.FromMinutes(5);

    // The bound of staleness while a removal does not reach a replica; with the second after which its monitor knows of it, 5 s.
    private static readonly TimeSpan LocalExpiration = TimeSpan.FromSeconds(4);

    /// <summary>Puts the memory of this process in front of the Redis that is registered, and removes from it what others have changed.</summary>
    public static void AddSharedCache(this IHostApplicationBuilder builder)
    {
        builder.AddTimeoutAndCircuitBreaker(ResourceNames.Cache, Timeout);
        builder.Services.AddStackExchangeRedisCache(_ => { });
        builder.Services.AddOptions<RedisCacheOptions>().Configure<IServiceProvider>((options, services) =>
            options.ConnectionMultiplexerFactory = () => GetRedis(services));
        builder.Services.AddFusionCache()
            .WithOptions((services, options) =>
            {
                var timeout = services.GetRequiredService<IOptionsMonitor<PipelineOptions>>().Get(ResourceNames.Cache).Timeout.Timeout;
                options.DefaultEntryOptions = new FusionCacheEntryOptions(Expiration)
                {
                    MemoryCacheDuration = LocalExpiration,
                    DistributedCacheSoftTimeout = timeout,
                    DistributedCacheHardTimeout = timeout,
                    AllowBackgroundDistributedCacheOperations = true,
                };
                // Once a call has failed, the following ones are spared that for a moment.
                options.DistributedCacheCircuitBreakerDuration = options.BackplaneCircuitBreakerDuration = TimeSpan.FromSeconds(2);
            })
            .WithSerializer(new FusionCacheSystemTextJsonSerializer())
            .WithRegisteredDistributedCache()
            .WithBackplane(services => new RedisBackplane(new RedisBackplaneOptions { ConnectionMultiplexerFactory = () => GetRedis(services) }))
            .AsHybridCache();
        builder.Services.AddSingleton<CacheInvalidation>();
        builder.Services.AddSingleton<CacheMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CacheMonitor>());
        builder.Services.AddHealthChecks().AddCheck<CacheMonitor>(ResourceNames.Cache, HealthStatus.Degraded);
    }

    public static void FailFast(this ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 1000;
    }

    private static Task<IConnectionMultiplexer> GetRedis(IServiceProvider services) => Task.FromResult(services.GetRequiredService<IConnectionMultiplexer>());
}
