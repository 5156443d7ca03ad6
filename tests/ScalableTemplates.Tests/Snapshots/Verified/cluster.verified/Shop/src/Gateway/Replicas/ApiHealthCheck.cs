using Microsoft.Extensions.Diagnostics.HealthChecks;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway.Replicas;

/// <summary>
/// Unhealthy until a replica of the API is available for the first time, so that a gateway with a wrong address does not become ready. Later
/// at most Degraded: all gateways share the API, and a 503 with Retry-After is better than a refused connection.
/// </summary>
internal sealed class ApiHealthCheck(IProxyStateLookup proxy) : IHealthCheck
{
    private bool _hasBeenAvailable;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isAvailable = proxy.GetClusters().All(cluster =>
            cluster.DestinationsState.AllDestinations.Any(replica => replica.Health.Active == DestinationHealth.Healthy));
        _hasBeenAvailable |= isAvailable;
        return Task.FromResult(
            isAvailable ? HealthCheckResult.Healthy()
            : _hasBeenAvailable ? HealthCheckResult.Degraded("No replica of the API is available.")
            : HealthCheckResult.Unhealthy("No replica of the API has been available yet."));
    }
}
