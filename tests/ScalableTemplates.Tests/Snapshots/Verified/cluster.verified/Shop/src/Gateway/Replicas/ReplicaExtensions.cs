using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Shop.Gateway.Replicas;

internal static class ReplicaExtensions
{
    /// <summary>Discovers the replicas of the API, and takes those out of rotation that are not ready or do not respond.</summary>
    public static IReverseProxyBuilder AddReplicas(this IReverseProxyBuilder proxy, WebApplicationBuilder builder)
    {
        proxy.Services.AddSingleton<IDestinationResolver, ReplicaResolver>();
        proxy.Services.AddSingleton<PendingRequests>();
        proxy.Services.AddSingleton<IActiveHealthCheckPolicy, ReadinessPolicy>();
        proxy.Services.AddSingleton<IPassiveHealthCheckPolicy, ConnectFailurePolicy>();
        proxy.Services.AddSingleton<ApiHealthCheck>();
        builder.Services.AddHealthChecks().AddCheck<ApiHealthCheck>("api");
        return proxy;
    }
}
