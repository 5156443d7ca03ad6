using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Polly.Registry;
using Shop.ServiceDefaults;
using StackExchange.Redis;

namespace Shop.Api.RateLimiting;

/// <summary>Limits each client to the rate of its plan.</summary>
internal sealed class ClientRateLimiter : IDisposable
{
    private readonly RateLimitingOptions _options;

    public ClientRateLimiter(IOptions<RateLimitingOptions> options, IConnectionMultiplexer redis, ResiliencePipelineProvider<string> pipelines)
    {
        _options = options.Value;
        Limiter = PartitionedRateLimiter.Create<HttpContext, (string Plan, string Client)>(context =>
            RateLimitPartition.Get(
                (Plan: GetPlan(context), Client: GetClient(context)),
                key => new RedisTokenBucketLimiter(redis, pipelines.GetPipeline(ResourceNames.Cache), $"rate-limit:{key.Plan}:{key.Client}", _options.Plans[key.Plan])));
    }

    public PartitionedRateLimiter<HttpContext> Limiter { get; }

    /// <summary>Adds the plan of the client and its remaining requests to the response: draft-ietf-httpapi-ratelimit-headers-10.</summary>
    public Task AddHeadersAsync(object state)
    {
        var context = (HttpContext)state;
        var plan = GetPlan(context);
        var remaining = Limiter.GetStatistics(context)?.CurrentAvailablePermits ?? _options.Plans[plan].Burst;
        context.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{plan}\";q={_options.Plans[plan].RequestsPerMinute};w=60");
        context.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{plan}\";r={remaining}");
        return Task.CompletedTask;
    }

    public void Dispose() => Limiter.Dispose();

    private string GetPlan(HttpContext context) =>
        context.User.FindFirst("plan")?.Value is { } plan && _options.Plans.ContainsKey(plan) ? plan : _options.DefaultPlan;

    // The prefixes prevent a subject from matching another client's address.
    private static string GetClient(HttpContext context) =>
        context.User.FindFirst("sub")?.Value is { } subject ? $"sub:{subject}" : $"ip:{context.GetClientAddress()}";
}
