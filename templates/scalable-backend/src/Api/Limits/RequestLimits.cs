using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace ScalableBackend.Api.Limits;

internal static class RequestLimits
{
    // Written as it is: to refuse has to cost next to nothing, or it would be what keeps the process busy.
    private static readonly byte[] Busy =
        """{"type":"https://tools.ietf.org/html/rfc9110#section-15.6.4","title":"Service Unavailable","status":503}"""u8.ToArray();

    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(builder.Configuration.GetSection("Limits").Get<LimitOptions>() ?? new());
        builder.Services.AddSingleton<ClientBudgets>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.RateLimiting"));
        builder.Services.AddOptions<RateLimiterOptions>().Configure<ClientBudgets>((limiter, budgets) =>
        {
            limiter.GlobalLimiter = budgets.Limiter;
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = (rejected, _) =>
            {
                rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
                rejected.HttpContext.Response.Headers.RetryAfter = $"{(int)Math.Max(1, Math.Ceiling(wait.TotalSeconds))}";
                return ValueTask.CompletedTask;
            };
        });
    }

    /// <summary>
    /// Works on as many requests as make this process fastest, and answers 503 to those that would only wait. Before
    /// anything that costs time, such as looking at the token: or refusing would be what keeps the process busy.
    /// </summary>
    public static void UseConcurrencyLimits(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<LimitOptions>();
        var reads = new ConcurrencyLimit(options.Reads, options.Queue);
        var writes = new ConcurrencyLimit(options.Writes, options.Queue);
        app.Use(async (context, next) =>
        {
            var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
            using var permit = await (isRead ? reads : writes).AcquireAsync();
            await (permit is null ? RefuseAsync(context.Response) : next(context));
        });
    }

#if (HasRedis)
    /// <summary>
    /// Gives each client the requests of its plan, from all replicas together, and answers 429 beyond. While Redis is down
    /// each replica counts by itself. A request that was turned away for want of room has cost its client nothing.
    /// </summary>
#else
    /// <summary>
    /// Gives each client the requests of its plan, and answers 429 beyond. A request that was turned away for want of room
    /// has cost its client nothing.
    /// </summary>
#endif
    public static void UseBudgets(this WebApplication app)
    {
        var budgets = app.Services.GetRequiredService<ClientBudgets>();
#if (HasRedis)
        // Compiles the code of the first call while the process starts, and Redis may take its time.
        budgets.Limiter.AcquireAsync(new DefaultHttpContext()).AsTask();
#endif
        app.Use((context, next) =>
        {
            context.Response.OnStarting(budgets.AddHeadersAsync, context);
            return next(context);
        });
        app.UseRateLimiter();
    }

    private static async Task RefuseAsync(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = "1";
        response.ContentType = "application/problem+json";
        response.ContentLength = Busy.Length;
        await response.Body.WriteAsync(Busy);
    }
}
