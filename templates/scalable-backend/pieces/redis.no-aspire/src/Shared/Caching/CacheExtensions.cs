using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;

namespace ScalableBackend.Shared.Caching;

/// <summary>An in-process L1 cache in front of a shared Redis. While Redis is down, the L1 cache and the database serve all requests.</summary>
public static class CacheExtensions
{
    public static void AddCache(this IHostApplicationBuilder builder)
    {
        var connectionString = builder.GetRequiredConnectionString(ResourceNames.Cache);
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
        {
            var options = ConfigurationOptions.Parse(connectionString);
            options.FailFast();
            return ConnectionMultiplexer.Connect(options);
        });
        builder.AddSharedCache();
    }
}
