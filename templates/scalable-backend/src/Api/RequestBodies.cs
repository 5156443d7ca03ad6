using Microsoft.AspNetCore.Http.Features;

namespace ScalableBackend.Api;

internal static class RequestBodies
{
    public const int MaxBytes = 1024 * 1024;

    // Of all requests together, so that many clients cannot exhaust the memory.
    private const long MaxBufferedBytes = 64 * MaxBytes;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static long _bufferedBytes;

    /// <summary>
    /// Reads a request body to its end before anything is done for the request, so that a slow client holds nothing that others
    /// need: 408 after 10 seconds. A body that is too large gets 413 before the connection closes.
    /// </summary>
    public static void UseBufferedBodies(this WebApplication app) => app.Use(async (context, next) =>
    {
        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (context.IsStreaming() || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true)
        {
            await next(context);
            return;
        }

        var max = limit?.MaxRequestBodySize ?? MaxBytes;
        if (limit is { IsReadOnly: false })
        {
            // Kestrel would close the connection on a client that is still sending and so never reads the response.
            limit.MaxRequestBodySize = null;
        }

        using var body = new MemoryStream();
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            deadline.CancelAfter(Timeout);
            if (await ReadAsync(context, body, max, deadline.Token) is { } status)
            {
                await RejectAsync(context, status, deadline.Token);
                return;
            }

            body.Position = 0;
            context.Request.Body = body;
            await next(context);
        }
        finally
        {
            // Works after the endpoint has disposed of it, too.
            Interlocked.Add(ref _bufferedBytes, body.TryGetBuffer(out var buffered) ? -buffered.Count : 0);
        }
    });

    /// <returns>The status of a request that is rejected; null if its body is complete.</returns>
    private static async Task<int?> ReadAsync(HttpContext context, MemoryStream body, long max, CancellationToken deadline)
    {
        if (context.Request.ContentLength > max)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        try
        {
            while (true)
            {
                var result = await context.Request.BodyReader.ReadAsync(deadline);
                var length = result.Buffer.Length;
                var status = body.Length + length > max ? StatusCodes.Status413PayloadTooLarge
                    : Interlocked.Read(ref _bufferedBytes) + length > MaxBufferedBytes ? StatusCodes.Status503ServiceUnavailable
                    : (int?)null;
                if (status is null)
                {
                    foreach (var segment in result.Buffer)
                    {
                        body.Write(segment.Span);
                    }

                    Interlocked.Add(ref _bufferedBytes, length);
                }

                context.Request.BodyReader.AdvanceTo(result.Buffer.End);
                if (status is not null || result.IsCompleted)
                {
                    return status;
                }
            }
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return StatusCodes.Status408RequestTimeout;
        }
    }

    private static async Task RejectAsync(HttpContext context, int status, CancellationToken deadline)
    {
        context.Response.StatusCode = status;
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        await context.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new() { HttpContext = context });
        await context.Response.CompleteAsync();
        try
        {
            // A client that is still sending would not come to read the response otherwise.
            for (var isCompleted = false; !isCompleted;)
            {
                var result = await context.Request.BodyReader.ReadAsync(deadline);
                isCompleted = result.IsCompleted;
                context.Request.BodyReader.AdvanceTo(result.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // It has left, or is too slow.
        }
    }
}
