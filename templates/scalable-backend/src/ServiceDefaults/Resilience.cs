using System.Net.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace ScalableBackend.ServiceDefaults;

internal static class Resilience
{
    /// <summary>Gives every <see cref="HttpClient"/> service discovery and the standard pipeline: limit, timeouts, retries, circuit breaker.</summary>
    public static void AddResilientHttp(this IServiceCollection services)
    {
        services.AddServiceDiscovery();
        services.ConfigureHttpClientDefaults(http =>
        {
            http.AddServiceDiscovery();
            http.AddStandardResilienceHandler(options =>
            {
                var isTransient = options.Retry.ShouldHandle;
                options.Retry.ShouldHandle = async args =>
                    MayRepeat(args.Context.GetRequestMessage()) && await isTransient(args);
            });
        });
    }

    // A request that may change something is only sent again if the receiver can tell that it is the same one.
    private static bool MayRepeat(HttpRequestMessage? request) =>
        request is not null
        && (request.Method == HttpMethod.Get
            || request.Method == HttpMethod.Head
            || request.Method == HttpMethod.Options
            || request.Headers.Contains("Idempotency-Key"));
}
