using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace Shop.Api.LoadShedding;

/// <summary>Limits concurrent requests to the number at which throughput is highest, and responds 503 to the excess. Probes never reach it.</summary>
internal sealed class LoadSheddingMiddleware(RequestDelegate next, IOptions<LoadSheddingOptions> options, IMeterFactory meters)
{
    public const string MeterName = "Shop.LoadShedding";

    // Pre-serialized: rejections must be nearly free, or shedding load would itself saturate the CPU.
    private static readonly byte[] Problem =
        """{"type":"https://tools.ietf.org/html/rfc9110#section-15.6.4","title":"Service Unavailable","status":503}"""u8.ToArray();

    private readonly (string Name, LoadShedder Shedder) _reads = ("reads", new(options.Value.MaxConcurrentReads, options.Value));
    private readonly (string Name, LoadShedder Shedder) _cachedReads = ("cached-reads", new(options.Value.MaxConcurrentCachedReads, options.Value));
    private readonly (string Name, LoadShedder Shedder) _writes = ("writes", new(options.Value.MaxConcurrentWrites, options.Value));

    private readonly Counter<long> _rejected = meters.Create(MeterName).CreateCounter<long>(
        "load_shedding.rejected_requests", "{request}", "Requests rejected with 503 for lack of capacity, by bulkhead.");

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.IsStreaming())
        {
            await next(context);
            return;
        }

        var (name, shedder) = GetBulkhead(context);
        var arrived = Environment.TickCount64;
        using var permit = await shedder.AcquireAsync(context.GetClientAddress());
        if (permit is null)
        {
            _rejected.Add(1, new KeyValuePair<string, object?>("bulkhead", name));
            // Includes the time spent in the queue, because an immediate retry would wait as long again.
            await context.Response.RejectAsync(
                StatusCodes.Status503ServiceUnavailable, TimeSpan.FromSeconds(1 + ((Environment.TickCount64 - arrived) / 1000)), Problem);
            return;
        }

        context.RequestAborted.ThrowIfCancellationRequested();
        await next(context);
    }

    private (string Name, LoadShedder Shedder) GetBulkhead(HttpContext context) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) ? _writes
        : context.GetEndpoint()?.Metadata.GetMetadata<ServedFromCache>() is not null ? _cachedReads
        : _reads;
}

/// <summary>Marks an endpoint that reads from the cache and rarely needs the database.</summary>
internal sealed record ServedFromCache;
