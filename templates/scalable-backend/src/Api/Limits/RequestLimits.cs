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
        builder.Services.AddOptions<RateLimiterOptions>().Configure<ClientBudgets>((limiter, budgets) =>
        {
            limiter.GlobalLimiter = budgets.Limiter;
            limiter.OnRejected = (rejected, _) => RefuseAsync(rejected, StatusCodes.Status429TooManyRequests);
        });
    }

    /// <summary>
    /// Works on as many requests as make this process fastest, and answers 503 at once to those that would only wait. Before
    /// anything that costs time, such as looking at the token: or refusing would be what keeps the process busy.
    /// </summary>
    public static void UseConcurrencyLimits(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<LimitOptions>();
        app.UseRateLimiter(new RateLimiterOptions
        {
            GlobalLimiter = PartitionedRateLimiter.CreateChained(
                LimitConcurrency(IsRead, options.ReadConcurrency, options.Queue),
                LimitConcurrency(_ => true, options.Concurrency, options.Queue)),
            OnRejected = (rejected, _) => RefuseAsync(rejected, StatusCodes.Status503ServiceUnavailable),
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

    private static ValueTask RefuseAsync(OnRejectedContext rejected, int status)
    {
        rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
        rejected.HttpContext.Response.StatusCode = status;
        rejected.HttpContext.Response.Headers.RetryAfter = $"{(int)Math.Max(1, Math.Ceiling(wait.TotalSeconds))}";
        return ValueTask.CompletedTask;
    }

    private static PartitionedRateLimiter<HttpContext> LimitConcurrency(Predicate<HttpContext> concerns, int permits, int queue) =>
        PartitionedRateLimiter.Create<HttpContext, bool>(context => concerns(context)
            ? RateLimitPartition.GetConcurrencyLimiter(true, _ => new ConcurrencyLimiterOptions { PermitLimit = permits, QueueLimit = queue })
            : RateLimitPartition.GetNoLimiter(false));

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
