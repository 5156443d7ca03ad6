namespace Shop.Api.Replica;

/// <summary>Routes read-only requests to the standby, and returns a consistency token from writes, for read-your-writes.</summary>
internal sealed class ReadRoutingMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context, RequestDatabase database)
    {
        var token = ConsistencyToken.FromRequest(context.Request);
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.OnStarting(() =>
            {
                AddToken(context.Response, database);
                return Task.CompletedTask;
            });
        }
        else if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<PrimaryOnly>() is null)
        {
            await database.PreferStandbyAsync(token, context.RequestAborted);
        }

        await next(context);
    }

    private static void AddToken(HttpResponse response, RequestDatabase database)
    {
        if (database.FlushLsn is { } lsn && response.StatusCode < StatusCodes.Status400BadRequest)
        {
            response.Headers[ConsistencyToken.Header] = new ConsistencyToken(lsn).ToString();
        }
    }
}
