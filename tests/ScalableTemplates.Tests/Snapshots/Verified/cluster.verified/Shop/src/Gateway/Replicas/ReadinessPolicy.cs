using System.Net.Http;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway.Replicas;

/// <summary>
/// A replica is available if its readiness probe succeeds. A failed probe or a refused connection takes it out of rotation at once, a
/// missing response only the second time in a row, as it may be due to a busy machine.
/// </summary>
internal sealed class ReadinessPolicy(IDestinationHealthUpdater health, PendingRequests pending) : IActiveHealthCheckPolicy
{
    private const int MaxMisses = 2;

    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _misses = [];

    public string Name => "Readiness";

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults)
    {
        health.SetActive(cluster, [.. probingResults.Select(result => new NewActiveDestinationHealth(result.Destination, GetHealth(result)))]);
        // If no replica responds, the machines may only be busy, and a retry would find no better replica.
        if (probingResults.Any(result => result.Destination.Health.Active == DestinationHealth.Healthy))
        {
            foreach (var result in probingResults.Where(result => result.Response is null && result.Destination.Health.Active == DestinationHealth.Unhealthy))
            {
                pending.Abandon(result.Destination);
            }
        }
    }

    private DestinationHealth GetHealth(DestinationProbingResult result)
    {
        var misses = _misses.GetOrCreateValue(result.Destination);
        misses.Value = result.Response is null ? misses.Value + 1 : 0;
        return result switch
        {
            { Response: { } response } => response.IsSuccessStatusCode ? DestinationHealth.Healthy : DestinationHealth.Unhealthy,
            { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } } => DestinationHealth.Unhealthy,
            _ => misses.Value < MaxMisses ? result.Destination.Health.Active : DestinationHealth.Unhealthy,
        };
    }
}
