using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Shop.Gateway;

internal static class RequestBodyExtensions
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Responds 413 to a body with a Content-Length over the limit, and drains it. The server would close the connection while the client is
    /// still sending, so that the client would not receive the response.
    /// </summary>
    public static void UseBodyLimit(this WebApplication app) => app.Use(async (context, next) =>
    {
        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is not { IsReadOnly: false } || !(context.Request.ContentLength > limit.MaxRequestBodySize))
        {
            await next(context);
            return;
        }

        limit.MaxRequestBodySize = null;
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        await context.WriteProblemAsync(StatusCodes.Status413PayloadTooLarge);
        await context.Response.CompleteAsync();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        timeout.CancelAfter(DrainTimeout);
        try
        {
            await context.Request.Body.DrainAsync(timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client has disconnected or is too slow.
        }
    });
}
