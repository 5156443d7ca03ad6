namespace ScalableBackend.Gateway;

internal static class ErrorResponseExtensions
{
    // In seconds. Replicas are probed every second, so a replica that is back is found by then.
    private const string RetryAfter = "2";

    /// <summary>Gives the errors of the gateway itself a ProblemDetails body, and 503 a Retry-After. Those of the API pass unchanged.</summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        app.UseStatusCodePages(pages =>
        {
            var response = pages.HttpContext.Response;
            response.Headers.CacheControl = "no-store";
            response.Headers.XContentTypeOptions = "nosniff";
            if (response.StatusCode == StatusCodes.Status503ServiceUnavailable)
            {
                response.Headers.RetryAfter = RetryAfter;
            }

            return TypedResults.Problem(statusCode: response.StatusCode).ExecuteAsync(pages.HttpContext);
        });
        app.UseExceptionHandler(errors => errors.Run(_ => Task.CompletedTask));
    }
}
