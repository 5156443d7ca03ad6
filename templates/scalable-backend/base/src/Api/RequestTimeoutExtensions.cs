using Microsoft.AspNetCore.Http.Timeouts;

namespace ScalableBackend.Api;

internal static class RequestTimeoutExtensions
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public static void AddTimeouts(this IServiceCollection services) => services.AddRequestTimeouts(timeouts =>
        timeouts.DefaultPolicy = new() { Timeout = Timeout, TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable });

    /// <summary>
    /// Responds 503 to a request that takes too long. Middleware may return on a cancelled token without a response, as the rate
    /// limiting middleware does, and a client would take the empty 200 for success; a timeout that meets that of a dependency may
    /// surface as any exception. Both end as the timeout that they are.
    /// </summary>
    public static void UseTimeouts(this WebApplication app)
    {
        app.UseRequestTimeouts();
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch (Exception exception) when (context.RequestAborted.IsCancellationRequested && exception is not OperationCanceledException)
            {
                throw new OperationCanceledException(exception.Message, exception, context.RequestAborted);
            }

            if (!context.Response.HasStarted)
            {
                context.RequestAborted.ThrowIfCancellationRequested();
            }
        });
    }

    /// <summary>
    /// For an endpoint with a long upload or response, such as server-sent events: it has no request timeout, reads the request
    /// body as it arrives, and counts in no limit on concurrency. The endpoint has to bound what it uses.
    /// </summary>
    public static TBuilder AllowStreaming<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new DisableRequestTimeoutAttribute(), new StreamingMetadata());

    public static bool IsStreaming(this HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<StreamingMetadata>() is not null;

    private sealed record StreamingMetadata;
}
