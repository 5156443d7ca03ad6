using System.Net.Http;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace ScalableBackend.ServiceDefaults;

internal static class Resilience
{
    /// <summary>
    /// Gives every <see cref="HttpClient"/> service discovery and the standard pipeline: limit, timeouts, retries, circuit
    /// breaker. Its settings are the section Resilience:Http; a change counts at once.
    /// </summary>
    public static void AddResilientHttp(this IHostApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Resilience:Http");
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddServiceDiscovery();
            var pipeline = http.AddStandardResilienceHandler(options =>
            {
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
