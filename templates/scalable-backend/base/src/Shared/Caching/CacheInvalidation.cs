using ZiggyCreatures.Caching.Fusion;

namespace ScalableBackend.Shared.Caching;

#if (HasRedis)
/// <summary>
/// Removes what has changed from Redis and from the memory of every replica. A removal that Redis does not accept is repeated
/// until it does; meanwhile the other replicas may serve the old value until their memory expires.
/// </summary>
#else
/// <summary>Removes what has changed from the memory of this process.</summary>
#endif
public sealed class CacheInvalidation(IFusionCache cache)
{
    // A request that read the old value just before the change may cache it after the removal: it is removed again once such a request is done.
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(2);

    // Waits until it is done, so that the next request to this process does not find the old value.
    private readonly FusionCacheEntryOptions _removal = cache.CreateEntryOptions(options =>
        options.SetSkipDistributedCache(false, skipBackplaneNotifications: false).AllowBackgroundDistributedCacheOperations = false);

    /// <summary>Call it once the change is saved. It does not fail, and cannot be cancelled, as the change cannot either.</summary>
    public async ValueTask InvalidateAsync(string key)
    {
        await RemoveAsync(key);
        _ = RepeatAsync(key);
    }

    private async Task RepeatAsync(string key)
    {
        await Task.Delay(RepeatAfter);
        await RemoveAsync(key);
    }

    private async Task RemoveAsync(string key)
    {
        try
        {
            await cache.RemoveAsync(key, _removal).AsTask().WaitAsync(_removal.DistributedCacheHardTimeout);
        }
        catch (Exception exception) when (exception is TimeoutException or ObjectDisposedException)
        {
            // It goes on in the background; or the process ends.
        }
    }
}
