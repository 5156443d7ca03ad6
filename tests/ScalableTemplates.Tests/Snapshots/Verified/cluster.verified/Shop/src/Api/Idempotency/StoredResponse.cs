using Shop.Shared.Idempotency;

namespace Shop.Api.Idempotency;

/// <summary>Sends a response from its record, so that the first response and its repetitions are the same.</summary>
internal sealed class StoredResponse(IdempotencyRecord record, bool isReplayed) : IResult
{
    /// <summary>Executes the endpoint, and keeps its response from being sent before the transaction is committed.</summary>
    /// <param name="create">Creates the record of the response from its body.</param>
    public static async Task<IdempotencyRecord> CaptureAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, Func<byte[], IdempotencyRecord> create)
    {
        // A previous attempt may have set the response before its transaction failed.
        var response = context.HttpContext.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.Headers.Location = default;
        response.ContentType = null;
        var connection = response.Body;
        using var buffer = new MemoryStream();
        response.Body = buffer;
        try
        {
            await ((IResult)(await next(context))!).ExecuteAsync(context.HttpContext);
            return create(buffer.ToArray());
        }
        finally
        {
            response.Body = connection;
        }
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = record.StatusCode;
        response.Headers.Location = record.Location;
        response.ContentType = record.ContentType;
        if (isReplayed)
        {
            response.Headers["Idempotency-Replayed"] = "true";
        }

        if (record.Body.Length > 0)
        {
            response.ContentLength = record.Body.Length;
            await response.Body.WriteAsync(record.Body, httpContext.RequestAborted);
        }
    }
}
