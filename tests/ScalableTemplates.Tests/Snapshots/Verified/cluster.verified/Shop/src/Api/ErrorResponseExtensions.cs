using System.Data.Common;
using Shop.Shared.Data;

namespace Shop.Api;

internal static class ErrorResponseExtensions
{
    // In seconds: the default for a dependency that is unavailable. Middleware and endpoints may set a more accurate value.
    private const string DefaultRetryAfter = "5";

    public static void AddErrorResponses(this IServiceCollection services)
    {
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.UseContractNames(context.Exception);
            // RFC 9457: the problem has no semantics beyond those of its status code.
            context.ProblemDetails.Type ??= "about:blank";
        });
        services.AddSingleton<IProblemDetailsWriter, AnyAcceptWriter>();
    }

    /// <summary>
    /// Gives every error response a ProblemDetails body, and every 503 a Retry-After. Neither malformed requests nor database outages
    /// are logged as unhandled exceptions: the former are the caller's fault, and the latter would log an error for each request.
    /// </summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.OnStarting(AddRetryAfterAsync, context.Response);
            return next(context);
        });
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = GetStatus,
            SuppressDiagnosticsCallback = context => GetStatus(context.Exception) != StatusCodes.Status500InternalServerError,
        });
        app.UseStatusCodePages();
    }

    private static Task AddRetryAfterAsync(object state)
    {
        var response = (HttpResponse)state;
        if (response.StatusCode == StatusCodes.Status503ServiceUnavailable && response.Headers.RetryAfter.Count == 0)
        {
            response.Headers.RetryAfter = DefaultRetryAfter;
        }

        return Task.CompletedTask;
    }

    private static int GetStatus(Exception exception) => exception switch
    {
        BadHttpRequestException malformed => malformed.StatusCode,
        DbException { IsTransient: true } => StatusCodes.Status503ServiceUnavailable,
        _ when DatabaseFailures.IsOutage(exception) => StatusCodes.Status503ServiceUnavailable,
        { InnerException: { } inner } => GetStatus(inner),
        _ => StatusCodes.Status500InternalServerError,
    };

    // The default writer skips requests that do not accept JSON; an error in JSON is better than one without a body.
    private sealed class AnyAcceptWriter(IServiceProvider services) : IProblemDetailsWriter
    {
        public bool CanWrite(ProblemDetailsContext context) => true;

        public ValueTask WriteAsync(ProblemDetailsContext context) =>
            services.GetServices<IProblemDetailsWriter>().First(writer => writer != this).WriteAsync(context);
    }
}
