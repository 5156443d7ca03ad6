using Microsoft.Extensions.Caching.Distributed;
using Polly;
using Polly.Registry;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Core.Caching;

/// <summary>Redis behind a timeout and a circuit breaker: while it hangs or is down, requests do not wait for it.</summary>
internal sealed class ResilientCache(IDistributedCache redis, ResiliencePipelineProvider<string> pipelines) : IDistributedCache
{
    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(ResourceNames.Cache);

    public byte[]? Get(string key) => _pipeline.Execute(() => redis.Get(key));

    // Once it is sent, the client does not give up a command, but who waits for it may.
    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        await _pipeline.ExecuteAsync(async timeout => await redis.GetAsync(key, timeout).WaitAsync(timeout), token);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => _pipeline.Execute(() => redis.Set(key, value, options));

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        await _pipeline.ExecuteAsync(async timeout => await redis.SetAsync(key, value, options, timeout).WaitAsync(timeout), token);

    public void Refresh(string key) => _pipeline.Execute(() => redis.Refresh(key));

    public async Task RefreshAsync(string key, CancellationToken token = default) =>
        await _pipeline.ExecuteAsync(async timeout => await redis.RefreshAsync(key, timeout).WaitAsync(timeout), token);

    public void Remove(string key) => _pipeline.Execute(() => redis.Remove(key));

    public async Task RemoveAsync(string key, CancellationToken token = default) =>
        await _pipeline.ExecuteAsync(async timeout => await redis.RemoveAsync(key, timeout).WaitAsync(timeout), token);
}
