namespace Capacity.Simulation;

/// <summary>
/// Sends each request to the less busy of two random replicas, and repeats safe ones that a lost replica does not respond to or that a
/// replica rejects.
/// </summary>
internal sealed class Gateway(Cluster cluster, RandomSource random)
{
    private const double RetriesPerRequest = 0.2;
    private const int MaxAttempts = 3;

    private readonly List<Replica> available = [];
    private readonly List<Request> hanging = [];
    private double retries = cluster.Scenario.RetryBurst;
    private bool isDetected;

    public void Add(Replica replica) => available.Add(replica);

    public void Send(Request request)
    {
        retries = Math.Min(retries + RetriesPerRequest, cluster.Scenario.RetryBurst);
        SendOnce(request, available);
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

    /// <returns>Whether a rejected request was sent to a replica that has not rejected it yet.</returns>
    public bool TryRepeatRejected(Request request)
    {
        if (!request.Kind.IsSafe || retries < 1)
        {
            return false;
        }

        (request.Tried ??= []).Add(request.Replica);
        var others = available.Except(request.Tried).ToList();
        if (request.Tried.Count >= MaxAttempts || others.Count == 0)
        {
            return false;
        }

        retries--;
        SendOnce(request, others);
        return true;
    }

    // A request that is not repeated has failed.
    private void Repeat(Request request)
    {
        request.Replica.Pending--;
        if (request.Kind.IsSafe && retries >= 1)
        {
            retries--;
            SendOnce(request, available);
        }
    }

    private void SendOnce(Request request, List<Replica> candidates)
    {
        var replica = candidates[random.NextInt(candidates.Count)];
        if (candidates.Count > 1)
        {
            Replica other;
            do
            {
                other = candidates[random.NextInt(candidates.Count)];
            }
            while (other == replica);
            replica = other.Pending < replica.Pending ? other : replica;
        }

        replica.Pending++;
        request.Replica = replica;
        replica.Accept(request);
    }
}
