using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Shop.ServiceDefaults;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace Shop.Shared.Caching;

internal static class RedisCacheExtensions
{
    // A slow cache is worse than none: after this timeout, a request goes to the database.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    // The lifetime in Redis, and the staleness bound if a process crashes after it saved a change and before it removed the entry.
    private static readonly TimeSpan Expiration = TimeSpan.FromMinutes(5);

    // The lifetime in L1. While removals do not reach a replica, data is stale for at most this long plus the second until its monitor notices: 5 s.
    private static readonly TimeSpan LocalExpiration = TimeSpan.FromSeconds(4);

    /// <summary>Adds an in-process L1 cache in front of the registered Redis connection, with invalidation across replicas.</summary>
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
                // After a failed call, skips Redis for this long.
                options.DistributedCacheCircuitBreakerDuration = options.BackplaneCircuitBreakerDuration = TimeSpan.FromSeconds(2);
            })
            .WithSerializer(new FusionCacheSystemTextJsonSerializer())
            .WithRegisteredDistributedCache()
            .WithBackplane(services => new RedisBackplane(new RedisBackplaneOptions { ConnectionMultiplexerFactory = () => GetRedis(services) }))
            .AsHybridCache();
        builder.Services.AddSingleton<CacheInvalidation>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
            metrics.AddMeter("ZiggyCreatures.Caching.Fusion", "ZiggyCreatures.Caching.Fusion.Distributed"));
        builder.Services.AddSingleton<CacheMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CacheMonitor>());
        builder.Services.AddHealthChecks().AddCheck<CacheMonitor>(ResourceNames.Cache, HealthStatus.Degraded);
    }

    public static void FailFast(this ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 1000;
        // How soon the promotion of a replica is noticed, which does not break a connection.
        options.ConfigCheckSeconds = 5;
    }

    private static Task<IConnectionMultiplexer> GetRedis(IServiceProvider services) => Task.FromResult(services.GetRequiredService<IConnectionMultiplexer>());
}
