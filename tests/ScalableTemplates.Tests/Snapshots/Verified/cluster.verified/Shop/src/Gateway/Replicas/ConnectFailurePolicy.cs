using Shop.Gateway.Retries;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway.Replicas;

/// <summary>
/// Takes a replica out of rotation as soon as a connection to it fails, until the next probes. It has no requests in progress, so the load
/// balancer would prefer it.
/// </summary>
internal sealed class ConnectFailurePolicy(IDestinationHealthUpdater health) : IPassiveHealthCheckPolicy
{
    private static readonly TimeSpan DefaultReactivationPeriod = TimeSpan.FromSeconds(3);

    public string Name => "ConnectFailure";

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        if (destination.Health.Active != DestinationHealth.Unhealthy && context.Features.Get<IForwarderErrorFeature>().IsConnectFailure())
        {
            health.SetPassive(
                cluster, destination, DestinationHealth.Unhealthy, cluster.Model.Config.HealthCheck?.Passive?.ReactivationPeriod ?? DefaultReactivationPeriod);
        }
    }
}
