namespace Capacity.Simulation;

/// <summary>Sends each request to the less busy of two random replicas, and repeats safe ones that a lost replica does not respond to.</summary>
internal sealed class Gateway(Cluster cluster, RandomSource random)
{
    private const double RetriesPerRequest = 0.2;

    private readonly List<Replica> available = [];
    private readonly List<Request> hanging = [];
    private double retries = cluster.Scenario.ZoneLoss?.RetryBurst ?? 0;
    private bool isDetected;

    public void Add(Replica replica) => available.Add(replica);

    public void Send(Request request)
    {
        retries = Math.Min(retries + RetriesPerRequest, cluster.Scenario.ZoneLoss?.RetryBurst ?? 0);
        SendOnce(request);
    }

    public void Hang(Request request)
    {
        request.State = RequestState.Hanging;
        if (isDetected)
        {
            Repeat(request);
        }
        else
        {
            hanging.Add(request);
        }
    }

    /// <summary>Stops sending to lost replicas.</summary>
    public void Detect()
    {
        isDetected = true;
        available.RemoveAll(replica => replica.IsLost);
        hanging.ForEach(Repeat);
        hanging.Clear();
    }

    // A request that is not repeated has failed.
    private void Repeat(Request request)
    {
        request.Replica.Pending--;
        if (request.Kind.IsSafe && retries >= 1)
        {
            retries--;
            SendOnce(request);
        }
    }

    private void SendOnce(Request request)
    {
        var replica = available[random.NextInt(available.Count)];
        if (available.Count > 1)
        {
            Replica other;
            do
            {
                other = available[random.NextInt(available.Count)];
            }
            while (other == replica);
            replica = other.Pending < replica.Pending ? other : replica;
        }

        replica.Pending++;
        request.Replica = replica;
        replica.Accept(request);
    }
}
