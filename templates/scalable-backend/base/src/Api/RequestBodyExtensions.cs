using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace ScalableBackend.Api;

internal static partial class RequestBodyExtensions
{
    public const int MaxBytes = 1024 * 1024;

    // Larger bodies are kept in a temporary file until the request ends, so that many clients cannot exhaust the memory.
    private const int MaxBytesInMemory = 64 * 1024;

    // COR_E_IO: files fail with a code of the system instead.
    private const int ConnectionError = unchecked((int)0x80131620);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static bool _canKeep = true;

    /// <summary>
    /// Reads a request body to its end before anything is done for the request, so that a slow client holds nothing that others
    /// need: 408 after 10 seconds. A body that is too large gets 413 before the connection closes.
    /// </summary>
    public static void UseBufferedBodies(this WebApplication app) => app.Use(async (context, next) =>
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
            // Kestrel would close the connection on a client that is still sending and so never reads the response.
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
                    _canKeep = true;
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
            // The folder of temporary files is full or cannot be written: no fault of the request, and for smaller ones it is not needed.
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            if (Interlocked.Exchange(ref _canKeep, false))
            {
                LogNotKept(logger, exception, MaxBytesInMemory);
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
            // A client that is still sending would not come to read the response otherwise.
            await connection.DrainAsync(deadline.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // It has left, or is too slow.
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

    [LoggerMessage(LogLevel.Error, "The folder for temporary files cannot be written: request bodies of more than {Bytes} bytes get 503 until it can")]
    private static partial void LogNotKept(ILogger logger, Exception exception, int bytes);
}
