using Microsoft.Extensions.Caching.Hybrid;

namespace ScalableBackend.Core.Caching;

/// <summary>Drops what has changed from the memory of this process.</summary>
public sealed class CacheInvalidation(HybridCache cache)
{
    /// <summary>Call it once the change is saved. It cannot be cancelled, as the change cannot either.</summary>
    public ValueTask InvalidateAsync(string key) => cache.RemoveAsync(key, CancellationToken.None);
}
