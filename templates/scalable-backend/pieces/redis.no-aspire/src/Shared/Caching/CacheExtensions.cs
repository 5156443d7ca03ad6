using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;

namespace ScalableBackend.Shared.Caching;

/// <summary>The memory of this process in front of a shared Redis. While Redis is down, memory and database serve on.</summary>
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
