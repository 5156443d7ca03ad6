using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace ScalableBackend.Api.Limits;

internal static class RequestLimits
{
    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(builder.Configuration.GetSection("Limits").Get<LimitOptions>() ?? new());
        builder.Services.AddSingleton<ClientBudgets>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.RateLimiting"));
        builder.Services.AddOptions<RateLimiterOptions>().Configure<ClientBudgets>((limiter, budgets) =>
        {
            limiter.GlobalLimiter = budgets.Limiter;
            limiter.OnRejected = (rejected, _) =>
            {
                Refuse(rejected.HttpContext, StatusCodes.Status429TooManyRequests, rejected.Lease);
                return ValueTask.CompletedTask;
            };
        });
    }

    /// <summary>
    /// Works on as many requests as make this process fastest, and answers 503 at once to those that would only wait. Before
    /// anything that costs time, such as looking at the token: or refusing would be what keeps the process busy.
    /// </summary>
    public static void UseConcurrencyLimits(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<LimitOptions>();
        var reads = new ConcurrencyLimiter(new() { PermitLimit = options.ReadConcurrency, QueueLimit = options.Queue });
        var all = new ConcurrencyLimiter(new() { PermitLimit = options.Concurrency, QueueLimit = options.Queue });
        app.Use(async (context, next) =>
        {
            using var read = IsRead(context) ? await reads.AcquireAsync(1, context.RequestAborted) : null;
            using var lease = read is { IsAcquired: false } ? read : await all.AcquireAsync(1, context.RequestAborted);
            if (lease.IsAcquired)
            {
                await next(context);
            }
            else
            {
                Refuse(context, StatusCodes.Status503ServiceUnavailable, lease);
            }
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
        app.Use((context, next) =>
        {
            context.Response.OnStarting(budgets.AddHeadersAsync, context);
            return next(context);
        });
        app.UseRateLimiter();
    }

    private static void Refuse(HttpContext context, int status, RateLimitLease lease)
    {
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = $"{(int)Math.Max(1, Math.Ceiling(wait.TotalSeconds))}";
    }

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
