using System.Net.Http;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Telemetry;

namespace Shop.ServiceDefaults;

internal static class HttpResilienceExtensions
{
    /// <summary>
    /// Adds service discovery and the standard resilience handler (concurrency limit, timeouts, retries, circuit breaker) to every
    /// <see cref="HttpClient"/>. Configured by the section Resilience:Http; changes apply without a restart.
    /// </summary>
    public static void AddHttpResilience(this IHostApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Resilience:Http");
        // Polly logs these events as errors with a stack trace. Metrics count timeouts, and the caller logs the exception if it matters.
        builder.Services.Configure<TelemetryOptions>(telemetry => telemetry.SeverityProvider = args => args.Event.EventName switch
        {
            "OnTimeout" or "OnCircuitHalfOpened" => ResilienceEventSeverity.Information,
            "OnCircuitOpened" => ResilienceEventSeverity.Warning,
            _ => args.Event.Severity,
        });
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddServiceDiscovery();
            var pipeline = http.AddStandardResilienceHandler(options =>
            {
                // The default, 100 calls in 30 seconds, exceeds what a worker sends, so its circuit breaker would never open.
                options.CircuitBreaker.MinimumThroughput = 10;
                options.CircuitBreaker.FailureRatio = 0.5;
                var isTransient = options.Retry.ShouldHandle;
                options.Retry.ShouldHandle = async args => IsIdempotent(args.Context.GetRequestMessage()) && await isTransient(args);
            });
            if (settings.GetChildren().Any())
            {
                pipeline.Configure(settings);
            }
        });
    }

    // Requests with other methods are retried only with an idempotency key, by which the receiver detects duplicates.
    private static bool IsIdempotent(HttpRequestMessage? request) =>
        request?.Method.Method is "GET" or "HEAD" or "OPTIONS" || request?.Headers.Contains("Idempotency-Key") is true;
}
