using System.Threading.RateLimiting;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace Shop.Api.RateLimiting;

internal static class RateLimitingExtensions
{
    private static readonly byte[] TooManyRequests =
        """{"type":"https://tools.ietf.org/html/rfc6585#section-4","title":"Too Many Requests","status":429}"""u8.ToArray();

    public static void AddRateLimiting(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<RateLimitingOptions>, RateLimitingOptionsValidator>();
        builder.Services.AddOptions<RateLimitingOptions>().BindConfiguration(RateLimitingOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<ClientRateLimiter>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer<RateLimitTransformer>());
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.RateLimiting"));
        builder.Services.AddOptions<RateLimiterOptions>().Configure<ClientRateLimiter>((limiter, clients) =>
        {
            limiter.GlobalLimiter = clients.Limiter;
            limiter.OnRejected = (rejected, _) =>
            {
                rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter);
                return new(rejected.HttpContext.Response.RejectAsync(StatusCodes.Status429TooManyRequests, retryAfter, TooManyRequests));
            };
        });
    }

    /// <summary>
    /// Limits each client to the rate of its plan, across all replicas, and responds 429 to the excess. While Redis is unavailable, each
    /// replica applies the limit on its own. Requests rejected by load shedding are not counted.
    /// </summary>
    public static void UseClientRateLimits(this WebApplication app)
    {
        var clients = app.Services.GetRequiredService<ClientRateLimiter>();
        // Compiles this code path during start-up instead of on the first request. Not awaited, because Redis may be slow.
        clients.Limiter.AcquireAsync(new DefaultHttpContext()).AsTask();
        app.Use((context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is null)
            {
                context.Response.OnStarting(clients.AddHeadersAsync, context);
            }

            return next(context);
        });
        app.UseRateLimiter();
    }
}
