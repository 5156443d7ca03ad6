using Microsoft.AspNetCore.Http.Timeouts;

namespace Shop.Api;

internal static class RequestTimeoutExtensions
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public static void AddTimeouts(this IServiceCollection services) => services.AddRequestTimeouts(timeouts =>
        timeouts.DefaultPolicy = new() { Timeout = Timeout, TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable });

    /// <summary>
    /// Responds 503 to a request that exceeds its timeout. On cancellation, some middleware returns without a response, which clients
    /// would receive as an empty 200, and dependencies may throw any exception. Both are reported as the request timeout.
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
    /// Supports long uploads and responses, such as server-sent events: disables the request timeout and request buffering, and exempts
    /// the endpoint from concurrency limits. The endpoint must bound its own use of resources.
    /// </summary>
    public static TBuilder AllowStreaming<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new DisableRequestTimeoutAttribute(), new StreamingMetadata());

    public static bool IsStreaming(this HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<StreamingMetadata>() is not null;

    private sealed record StreamingMetadata;
}
