namespace ScalableBackend.Api.Replica;

/// <summary>Sends requests that only read to the standby, and gives those that write a token by which their caller reads what it wrote.</summary>
internal sealed partial class ReadRouting(RequestDelegate next, ILogger<ReadRouting> logger)
{
    // An answer without a token is better than one that waits, after its commit, behind requests that have not begun.
    private static readonly TimeSpan TokenTimeout = TimeSpan.FromMilliseconds(250);

    public async Task InvokeAsync(HttpContext context, RequestDatabase database)
    {
        var token = ConsistencyToken.Of(context.Request);
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.OnStarting(() => AddTokenAsync(context, database));
        }
        else if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<PrimaryOnly>() is null)
        {
            await database.PreferStandbyAsync(token, context.RequestAborted);
        }

        await next(context);
    }

    private async Task AddTokenAsync(HttpContext context, RequestDatabase database)
    {
        if (database.Context is not { } primary || context.Response.StatusCode >= StatusCodes.Status400BadRequest)
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        timeout.CancelAfter(TokenTimeout);
        try
        {
            var position = await primary.GetSavedPositionAsync(timeout.Token);
            context.Response.Headers[ConsistencyToken.Header] = new ConsistencyToken(position).ToString();
        }
        catch (Exception exception)
        {
            // What was asked for is done; an error now would say the opposite.
            LogNoToken(exception);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The response to a write goes without a consistency token")]
    private partial void LogNoToken(Exception exception);
}
