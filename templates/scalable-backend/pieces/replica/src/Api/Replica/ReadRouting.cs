namespace ScalableBackend.Api.Replica;

/// <summary>Sends requests that only read to the standby, and gives those that write a token by which their caller reads what it wrote.</summary>
internal sealed class ReadRouting(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context, RequestDatabase database)
    {
        var token = ConsistencyToken.Of(context.Request);
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
        if (database.SavedPosition is { } position && response.StatusCode < StatusCodes.Status400BadRequest)
        {
            response.Headers[ConsistencyToken.Header] = new ConsistencyToken(position).ToString();
        }
    }
}
