using ScalableBackend.Shared.Idempotency;

namespace ScalableBackend.Api.Idempotency;

/// <summary>Sends an answer as it was stored; the first time and every further time through the same code.</summary>
internal sealed class StoredResponse(IdempotencyRecord answer, bool isReplayed) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = answer.StatusCode;
        response.Headers.Location = answer.Location;
        response.ContentType = answer.ContentType;
        if (isReplayed)
        {
            response.Headers["Idempotency-Replayed"] = "true";
        }

        if (answer.Body.Length > 0)
        {
            response.ContentLength = answer.Body.Length;
            await response.Body.WriteAsync(answer.Body, httpContext.RequestAborted);
        }
    }
}
