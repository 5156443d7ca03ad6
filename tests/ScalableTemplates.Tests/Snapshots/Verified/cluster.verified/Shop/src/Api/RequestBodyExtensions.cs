using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Shop.Api;

internal static partial class RequestBodyExtensions
{
    public const int MaxBytes = 1024 * 1024;

    // Larger bodies are buffered in a temporary file, so that many concurrent requests cannot exhaust the memory.
    private const int MaxBytesInMemory = 64 * 1024;

    // COR_E_IO: the code of connection errors. File errors have a code of the operating system instead.
    private const int ConnectionError = unchecked((int)0x80131620);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static bool _canBufferToDisk = true;

    /// <summary>Ignores the charset of JSON requests, because JSON is always UTF-8; the framework would decode the body with the declared charset.</summary>
    public static void UseUtf8Json(this WebApplication app) => app.Use((context, next) =>
    {
        context.Request.ContentType = context.Request.HasJsonContentType() ? context.Request.ContentType!.Split(';')[0] : context.Request.ContentType;
        return next(context);
    });

    /// <summary>
    /// Buffers the whole request body before the request is processed, so that a slow client does not hold resources that others need.
    /// Responds 408 to a body that takes longer than 10 seconds, and 413 to one that is too large, before the connection is closed.
    /// </summary>
    public static void UseRequestBuffering(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.IsStreaming() || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true || await TryBufferAsync(context, app.Logger))
        {
            await next(context);
        }
    });

    private static async Task<bool> TryBufferAsync(HttpContext context, ILogger logger)
    {
        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var max = limit?.MaxRequestBodySize ?? MaxBytes;
        if (limit is { IsReadOnly: false })
        {
            // Kestrel would close the connection while the client is still sending, so the client would never read the response.
            limit.MaxRequestBodySize = null;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(Timeout);
        var connection = context.Request.Body;
        context.Request.EnableBuffering(MaxBytesInMemory);
        try
        {
            if (await TryReadAsync(context.Request, max, deadline.Token))
            {
                if (context.Request.Body.Length > MaxBytesInMemory)
                {
                    _canBufferToDisk = true;
                }

                return true;
            }

            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status408RequestTimeout;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException { HResult: not ConnectionError })
        {
            // The folder for temporary files is full or not writable. Requests with smaller bodies are not affected.
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            if (Interlocked.Exchange(ref _canBufferToDisk, false))
            {
                LogBufferingFailed(logger, exception, MaxBytesInMemory);
            }
        }

        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        await context.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new() { HttpContext = context });
        await context.Response.CompleteAsync();
        try
        {
            // Drains the rest, because a client may not read the response before it has sent the whole body.
            await connection.DrainAsync(deadline.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client has disconnected or is too slow.
        }

        return false;
    }

    private static async Task<bool> TryReadAsync(HttpRequest request, long max, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        while (!(request.ContentLength > max) && request.Body.Length <= max)
        {
            if (await request.Body.ReadAsync(buffer, cancellationToken) == 0)
            {
                request.Body.Position = 0;
                return true;
            }
        }

        return false;
    }

    [LoggerMessage(LogLevel.Error, "Could not write to the folder for temporary files; requests with bodies over {Bytes} bytes get 503 until it is writable")]
    private static partial void LogBufferingFailed(ILogger logger, Exception exception, int bytes);
}
