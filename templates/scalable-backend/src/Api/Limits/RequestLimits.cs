using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace ScalableBackend.Api.Limits;

internal static class RequestLimits
{
    /// <summary>
    /// Works on as many requests as make this process fastest, and answers 503 at once to those that would only wait.
#if (HasRedis)
    /// Gives each client the requests of its plan, from all replicas together, and answers 429 beyond. While Redis is down
    /// each replica counts by itself.
#else
    /// Gives each client the requests of its plan, and answers 429 beyond.
#endif
    /// </summary>
    public static void AddLimits(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection("Limits").Get<LimitOptions>() ?? new();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<ClientBudgets>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<RateLimiterOptions>().Configure<ClientBudgets>((limiter, budgets) =>
        {
            // The budget comes last: a request that is turned away for want of room costs its client nothing.
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                LimitConcurrency(IsRead, options.ReadConcurrency, options.Queue),
                LimitConcurrency(_ => true, options.Concurrency, options.Queue),
                budgets.Limiter);
            limiter.OnRejected = (rejected, _) =>
            {
                var isOverBudget = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
                var response = rejected.HttpContext.Response;
                response.StatusCode = isOverBudget ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable;
                response.Headers.RetryAfter = $"{(int)Math.Max(1, Math.Ceiling(wait.TotalSeconds))}";
                return ValueTask.CompletedTask;
            };
        });
    }

    public static void UseLimits(this WebApplication app)
    {
        var budgets = app.Services.GetRequiredService<ClientBudgets>();
        app.Use((context, next) =>
        {
            context.Response.OnStarting(budgets.AddHeadersAsync, context);
            return next(context);
        });
        app.UseRateLimiter();
    }

    private static PartitionedRateLimiter<HttpContext> LimitConcurrency(Predicate<HttpContext> concerns, int permits, int queue) =>
        PartitionedRateLimiter.Create<HttpContext, bool>(context => concerns(context)
            ? RateLimitPartition.GetConcurrencyLimiter(true, _ => new ConcurrencyLimiterOptions { PermitLimit = permits, QueueLimit = queue })
            : RateLimitPartition.GetNoLimiter(false));

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
