using System.Globalization;
using System.Threading.RateLimiting;
#if (HasRedis)
using Polly.Registry;
#endif
using ScalableBackend.ServiceDefaults;
#if (HasRedis)
using StackExchange.Redis;
#endif

namespace ScalableBackend.Api.Limits;

/// <summary>What each client has left of its plan.</summary>
internal sealed class ClientBudgets : IDisposable
{
    private readonly LimitOptions _options;

#if (HasRedis)
    public ClientBudgets(LimitOptions options, IConnectionMultiplexer redis, ResiliencePipelineProvider<string> pipelines)
#else
    public ClientBudgets(LimitOptions options)
#endif
    {
        _ = options.Plans.GetValueOrDefault(options.DefaultPlan)
            ?? throw new ConfigurationException($"Limits:Plans:{options.DefaultPlan} is missing. Describe the plan there, as in appsettings.json.");
        _options = options;
        Limiter = PartitionedRateLimiter.Create<HttpContext, (string Plan, string Client)>(context =>
            RateLimitPartition.Get(
                (Plan: GetPlan(context), Client: GetClient(context)),
#if (HasRedis)
                key => new SharedBudget(redis, pipelines.GetPipeline(ResourceNames.Cache), $"budget:{key.Plan}:{key.Client}", options.Plans[key.Plan])));
#else
                key => options.Plans[key.Plan].CreateBudget()));
#endif
    }

    public PartitionedRateLimiter<HttpContext> Limiter { get; }

    /// <summary>Tells the caller its plan and what is left of it: draft-ietf-httpapi-ratelimit-headers-10.</summary>
    public Task AddHeadersAsync(object state)
    {
        var context = (HttpContext)state;
        var plan = GetPlan(context);
        var left = Limiter.GetStatistics(context)?.CurrentAvailablePermits ?? _options.Plans[plan].Burst;
        context.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{plan}\";q={_options.Plans[plan].RequestsPerMinute};w=60");
        context.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{plan}\";r={left}");
        return Task.CompletedTask;
    }

    public void Dispose() => Limiter.Dispose();

#if (HasJwt)
    private string GetPlan(HttpContext context) =>
        context.User.FindFirst("plan")?.Value is { } plan && _options.Plans.ContainsKey(plan) ? plan : _options.DefaultPlan;

    private static string GetClient(HttpContext context) =>
        context.User.FindFirst("sub")?.Value ?? context.Connection.RemoteIpAddress?.ToString() ?? "";
#else
    private string GetPlan(HttpContext _) => _options.DefaultPlan;

    private static string GetClient(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";
#endif
}
