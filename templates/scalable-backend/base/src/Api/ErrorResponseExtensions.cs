using System.Data.Common;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Api;

internal static class ErrorResponseExtensions
{
    public static void AddErrorResponses(this IServiceCollection services)
    {
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.UseContractNames(context.Exception);
            // What RFC 9457 has for a status that says it all.
            context.ProblemDetails.Type ??= "about:blank";
        });
        services.AddSingleton<IProblemDetailsWriter, AnyAcceptWriter>();
    }

    /// <summary>
    /// Gives every error a ProblemDetails body. Neither malformed requests nor an outage of the database are logged as errors of
    /// this process: the one is the caller's fault, the other would be a line for each request.
    /// </summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = GetStatus,
            SuppressDiagnosticsCallback = context => GetStatus(context.Exception) != StatusCodes.Status500InternalServerError,
        });
        app.UseStatusCodePages();
    }

    private static int GetStatus(Exception exception) => exception switch
    {
        BadHttpRequestException malformed => malformed.StatusCode,
        DbException { IsTransient: true } => StatusCodes.Status503ServiceUnavailable,
        _ when DatabaseFailures.IsOutage(exception) => StatusCodes.Status503ServiceUnavailable,
        { InnerException: { } inner } => GetStatus(inner),
        _ => StatusCodes.Status500InternalServerError,
    };

    // The default writer declines a request that does not accept JSON; an error in JSON is better than one without a body.
    private sealed class AnyAcceptWriter(IServiceProvider services) : IProblemDetailsWriter
    {
        public bool CanWrite(ProblemDetailsContext context) => true;

        public ValueTask WriteAsync(ProblemDetailsContext context) =>
            services.GetServices<IProblemDetailsWriter>().First(writer => writer != this).WriteAsync(context);
    }
}
