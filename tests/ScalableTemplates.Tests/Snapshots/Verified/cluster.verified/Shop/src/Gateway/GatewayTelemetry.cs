using System.Diagnostics.Metrics;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway;

/// <summary>Metrics that neither the server nor the HTTP client has.</summary>
internal sealed class GatewayTelemetry
{
    public const string MeterName = "Shop.Gateway";

    private readonly Counter<long> _retries;

    public GatewayTelemetry(IMeterFactory meters, IProxyStateLookup proxy)
    {
        var meter = meters.Create(MeterName);
        _retries = meter.CreateCounter<long>("gateway.retries", "{retry}", "Requests that were sent to another replica, by reason.");
        meter.CreateObservableGauge("gateway.replicas", () => Count(proxy), "{replica}", "Known replicas of the API, by whether they are available.");
    }

    public void AddRetry(string reason) => _retries.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private static IEnumerable<Measurement<int>> Count(IProxyStateLookup proxy)
    {
        var replicas = proxy.GetClusters().SelectMany(cluster => cluster.DestinationsState.AllDestinations).ToLookup(IsAvailable);
        return [new(replicas[true].Count(), new KeyValuePair<string, object?>("state", "available")), new(replicas[false].Count(), new KeyValuePair<string, object?>("state", "unavailable"))];
    }

    private static bool IsAvailable(DestinationState replica) => replica.Health.Active == DestinationHealth.Healthy;
}
