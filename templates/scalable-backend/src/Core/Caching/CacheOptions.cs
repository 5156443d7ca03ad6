using Microsoft.Extensions.Caching.Hybrid;
using StackExchange.Redis;

namespace ScalableBackend.Core.Caching;

internal static class CacheOptions
{
    // Another replica may serve a value this much older than the last change.
    public static readonly HybridCacheEntryOptions Default = new()
    {
        Expiration = TimeSpan.FromMinutes(5),
        LocalCacheExpiration = TimeSpan.FromSeconds(5),
    };

    // A cache that answers late is worse than none: a request goes to the database rather than wait.
    public static void FailFast(this ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 1000;
        options.AsyncTimeout = 500;
        options.SyncTimeout = 500;
    }
}
