using System.Net.Http;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Telemetry;

namespace ScalableBackend.ServiceDefaults;

internal static class HttpResilienceExtensions
{
    /// <summary>
    /// Gives every <see cref="HttpClient"/> service discovery and the standard pipeline: limit, timeouts, retries, circuit
    /// breaker. Its settings are the section Resilience:Http; a change counts at once.
    /// </summary>
    public static void AddResilientHttp(this IHostApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Resilience:Http");
        // Polly takes each for an error, with its stack. A call that took too long is counted; what it leads to is logged by who has called.
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
                // The default, 100 calls in 30 seconds, is more than a worker makes, so that its circuit would never open.
                options.CircuitBreaker.MinimumThroughput = 10;
                options.CircuitBreaker.FailureRatio = 0.5;
                var isTransient = options.Retry.ShouldHandle;
                options.Retry.ShouldHandle = async args => MayRepeat(args.Context.GetRequestMessage()) && await isTransient(args);
            });
            if (settings.GetChildren().Any())
            {
                pipeline.Configure(settings);
            }
        });
    }

    // A request that may change something is only sent again if the receiver can tell that it is the same one.
    private static bool MayRepeat(HttpRequestMessage? request) =>
        request?.Method.Method is "GET" or "HEAD" or "OPTIONS" || request?.Headers.Contains("Idempotency-Key") is true;
}
