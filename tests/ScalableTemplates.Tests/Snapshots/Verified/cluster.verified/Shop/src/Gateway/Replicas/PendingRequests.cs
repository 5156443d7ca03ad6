using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway.Replicas;

/// <summary>Cancels the safe requests that wait for a replica that has stopped responding, so that they are retried on another one.</summary>
internal sealed class PendingRequests
{
    private readonly ConditionalWeakTable<DestinationState, StrongBox<CancellationTokenSource>> _sources = [];

    /// <summary>The token of requests that are sent to the replica now.</summary>
    public CancellationToken GetToken(DestinationState replica) => Volatile.Read(ref GetSource(replica).Value!).Token;

    public void Abandon(DestinationState replica) => Interlocked.Exchange(ref GetSource(replica).Value!, new CancellationTokenSource()).CancelAsync();

    private StrongBox<CancellationTokenSource> GetSource(DestinationState replica) => _sources.GetValue(replica, static _ => new(new CancellationTokenSource()));
}
