using System.Threading.Channels;
using Microsoft.Extensions.Caching.Hybrid;
using Polly;
using Polly.Registry;
using ScalableBackend.ServiceDefaults;
using StackExchange.Redis;

namespace ScalableBackend.Core.Caching;

/// <summary>
/// Drops what has changed from Redis and from the memory of every replica. While Redis is down, the memory of the others
/// holds the old value until it expires, and Redis is cleaned as soon as it is back.
/// </summary>
public sealed partial class CacheInvalidation(
    HybridCache cache,
    IConnectionMultiplexer redis,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<CacheInvalidation> logger) : BackgroundService
{
    // A reader may have read the old value before the change, and cache it after the removal. So everything is removed once
    // more, when such a reader is done; and again, if Redis could not be reached.
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(2);

    private static readonly RedisChannel Changes = RedisChannel.Literal("cache:changes");

    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(ResourceNames.Cache);
    private readonly Channel<(string Key, DateTimeOffset Due)> _repeats = Channel.CreateUnbounded<(string, DateTimeOffset)>();

    /// <summary>Call it once the change is saved. It cannot be cancelled, as the change cannot either, and does not fail.</summary>
    public async ValueTask InvalidateAsync(string key)
    {
        await TryRemoveAsync(key);
        Repeat(key);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Once it has succeeded, the connection subscribes again by itself whenever it is restored.
        while (!await TrySubscribeAsync(stoppingToken))
        {
            await Task.Delay(RepeatAfter, clock, stoppingToken);
        }

        await foreach (var (key, due) in _repeats.Reader.ReadAllAsync(stoppingToken))
        {
            if (due - clock.GetUtcNow() is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, clock, stoppingToken);
            }

            if (!await TryRemoveAsync(key))
            {
                Repeat(key);
            }
        }
    }

    private async Task<bool> TrySubscribeAsync(CancellationToken stoppingToken)
    {
        try
        {
            var changes = await redis.GetSubscriber().SubscribeAsync(Changes);
            changes.OnMessage(change => cache.RemoveAsync(change.Message!, stoppingToken).AsTask());
            return true;
        }
        catch (Exception) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> TryRemoveAsync(string key)
    {
        try
        {
            await cache.RemoveAsync(key, CancellationToken.None);
            await _pipeline.ExecuteAsync(async timeout => await redis.GetSubscriber().PublishAsync(Changes, key).WaitAsync(timeout));
            return true;
        }
        catch (Exception exception)
        {
            // Of any kind: while a connection breaks, the client throws more than it tells. None may end this service, or fail a request.
            LogFailed(exception, key);
            return false;
        }
    }

    private void Repeat(string key) => _repeats.Writer.TryWrite((key, clock.GetUtcNow() + RepeatAfter));

    [LoggerMessage(LogLevel.Warning, "Other replicas may serve an old {Key} until their memory expires, as Redis is down")]
    private partial void LogFailed(Exception exception, string key);
}
