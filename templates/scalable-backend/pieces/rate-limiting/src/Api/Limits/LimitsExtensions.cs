using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace ScalableBackend.Api.Limits;

internal static class LimitsExtensions
{
    private static readonly byte[] TooManyRequests =
        """{"type":"https://tools.ietf.org/html/rfc6585#section-4","title":"Too Many Requests","status":429}"""u8.ToArray();

    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<LimitOptions>, LimitOptionsValidator>();
        builder.Services.AddOptions<LimitOptions>().BindConfiguration("Limits").ValidateOnStart();
        builder.Services.AddSingleton<ClientRateLimiter>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer<RateLimitTransformer>());
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.RateLimiting", LoadShedding.MeterName));
        builder.Services.AddOptions<RateLimiterOptions>().Configure<ClientRateLimiter>((limiter, clients) =>
        {
            limiter.GlobalLimiter = clients.Limiter;
            limiter.OnRejected = (rejected, _) =>
            {
                rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
                return new(rejected.HttpContext.Response.RejectAsync(StatusCodes.Status429TooManyRequests, wait, TooManyRequests));
            };
        });
    }

    /// <summary>Before authentication and anything else that costs time, or rejecting would be what keeps the process busy.</summary>
    public static void UseLoadShedding(this WebApplication app) => app.UseMiddleware<LoadShedding>();

#if (HasRedis)
    /// <summary>
    /// Gives each client the requests of its plan, from all replicas together, and responds 429 beyond. While Redis is unavailable
    /// each replica counts by itself. A request that load shedding has rejected is not counted.
    /// </summary>
#else
    /// <summary>Gives each client the requests of its plan, and responds 429 beyond. A request that load shedding has rejected is not counted.</summary>
#endif
    public static void UseClientRateLimits(this WebApplication app)
    {
        var clients = app.Services.GetRequiredService<ClientRateLimiter>();
#if (HasRedis)
        // Compiles the code of the first call while the process starts, and Redis may take its time.
        clients.Limiter.AcquireAsync(new DefaultHttpContext()).AsTask();
#endif
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

    public static async Task RejectAsync(this HttpResponse response, int status, TimeSpan retryAfter, byte[] problem)
    {
        response.StatusCode = status;
        response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        response.ContentType = "application/problem+json";
        response.ContentLength = problem.Length;
        await response.Body.WriteAsync(problem);
    }
}
