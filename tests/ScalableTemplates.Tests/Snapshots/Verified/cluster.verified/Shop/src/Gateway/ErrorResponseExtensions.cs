namespace Shop.Gateway;

internal static class ErrorResponseExtensions
{
    // In seconds. Replicas are probed every second, so a replica that is back is found by then.
    private const string RetryAfter = "2";

    /// <summary>Gives the errors of the gateway itself a ProblemDetails body, and 503 a Retry-After. Those of the API pass unchanged.</summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        app.UseStatusCodePages(pages => pages.HttpContext.WriteProblemAsync(pages.HttpContext.Response.StatusCode));
        app.UseExceptionHandler(errors => errors.Run(_ => Task.CompletedTask));
    }

    public static Task WriteProblemAsync(this HttpContext context, int status)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfter;
        }

        return TypedResults.Problem(statusCode: status).ExecuteAsync(context);
    }
}
