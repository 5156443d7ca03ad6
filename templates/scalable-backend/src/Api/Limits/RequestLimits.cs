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
            limiter.OnRejected = (rejected, _) =>
            {
                Refuse(rejected.HttpContext, rejected.Lease);
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
        var reads = new ConcurrencyLimiter(new() { PermitLimit = options.Reads, QueueLimit = options.Queue });
        var writes = new ConcurrencyLimiter(new() { PermitLimit = options.Writes, QueueLimit = options.Queue });
        app.Use(async (context, next) =>
        {
            var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
            using var lease = await (isRead ? reads : writes).AcquireAsync(1, context.RequestAborted);
            await (lease.IsAcquired ? next(context) : RefuseAsync(context.Response));
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

    private static async Task RefuseAsync(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = "1";
        response.ContentType = "application/problem+json";
        response.ContentLength = Busy.Length;
        await response.Body.WriteAsync(Busy);
    }

    private static void Refuse(HttpContext context, RateLimitLease lease)
    {
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = $"{(int)Math.Max(1, Math.Ceiling(wait.TotalSeconds))}";
    }
}
