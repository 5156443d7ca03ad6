using ZiggyCreatures.Caching.Fusion;

namespace Shop.Shared.Caching;

/// <summary>
/// Removes changed entries from Redis and from the L1 cache of every replica. A removal that Redis does not accept is retried
/// until it succeeds; meanwhile, other replicas may serve stale data until their L1 entry expires.
/// </summary>
public sealed class CacheInvalidation(IFusionCache cache)
{
    // A request that read the old value just before the change may cache it after the removal, so the entry is removed a second time.
    private static readonly TimeSpan SecondRemovalDelay = TimeSpan.FromSeconds(2);

    // Removes in the foreground, so that the next request to this process does not read the old value.
    private readonly FusionCacheEntryOptions _removalOptions = cache.CreateEntryOptions(options =>
        options.SetSkipDistributedCache(false, skipBackplaneNotifications: false).AllowBackgroundDistributedCacheOperations = false);

    /// <summary>Invalidates an entry after its change is committed. Never fails and cannot be cancelled, because the change is already permanent.</summary>
    public async ValueTask InvalidateAsync(string key)
    {
        await RemoveAsync(key);
        _ = RemoveAgainAsync(key);
    }

    private async Task RemoveAgainAsync(string key)
    {
        await Task.Delay(SecondRemovalDelay);
        await RemoveAsync(key);
    }

    private async Task RemoveAsync(string key)
    {
        try
        {
            await cache.RemoveAsync(key, _removalOptions).AsTask().WaitAsync(_removalOptions.DistributedCacheHardTimeout);
        }
        catch (Exception exception) when (exception is TimeoutException or ObjectDisposedException)
        {
            // The removal continues in the background, or the process is shutting down.
        }
    }
}
