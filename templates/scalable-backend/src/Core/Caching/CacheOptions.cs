using Microsoft.Extensions.Caching.Hybrid;
using StackExchange.Redis;

namespace ScalableBackend.Core.Caching;

internal static class CacheOptions
{
    // Changes reach every replica at once. Where the word of one is lost, as Redis was down, the memory of a replica serves
    // the old value for the local expiration; after a process died before it could tell Redis, for the whole one.
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
