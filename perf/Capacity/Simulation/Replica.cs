namespace Capacity.Simulation;

/// <summary>A process: a bulkhead in front of a queue for the cores.</summary>
internal sealed class Replica(Cluster cluster, int zone, long coldUntil = 0)
{
    private readonly Queue<(Request Request, long Cpu, long Since)> runnable = [];
    private readonly LinkedList<Request> waiting = [];
    private readonly int cores = cluster.Scenario.Cores;
    private readonly LoadShedding? shedding = cluster.Scenario.LoadShedding;
    private int busy;
    private int running;

    public int Zone => zone;

    public bool IsLost { get; private set; }

    /// <summary>Requests that the gateway has sent here and that have no response yet.</summary>
    public int Pending { get; set; }

    /// <summary>CPU time used since the last decision of the autoscaler.</summary>
    public double CpuTime { get; set; }

    public void Accept(Request request)
    {
        if (IsLost)
        {
            cluster.Hang(request);
        }
        else if (shedding is null || running < shedding.MaxConcurrent)
        {
            Run(request);
        }
        else
        {
            Queue(request, shedding);
        }
    }

    /// <summary>Continues a request after it has used its CPU time or the database has responded.</summary>
    public void Continue(Request request)
    {
        if (IsLost)
        {
            cluster.Hang(request);
            return;
        }

        if (request.State != RequestState.Database)
        {
            ReleaseCore();
        }

        switch (request.State)
        {
            case RequestState.BeforeDatabase when request.Kind.Database > 0:
                request.State = RequestState.Database;
                cluster.Schedule(request, cluster.Sample(request.Kind.Database));
                break;
            case RequestState.Database:
                request.State = RequestState.AfterDatabase;
                UseCore(request, cluster.Sample(request.Kind.Cpu / 2));
                break;
            case RequestState.Rejecting:
                cluster.Reject(request);
                break;
            default:
                running--;
                cluster.Complete(request);
                RunNext();
                break;
        }
    }

    /// <returns>The requests that wait inside the process; those that use a core or the database follow as they continue.</returns>
    public IEnumerable<Request> Lose()
    {
        IsLost = true;
        return [.. waiting, .. runnable.Select(item => item.Request)];
    }

    private void Run(Request request)
    {
        running++;
        request.State = RequestState.BeforeDatabase;
        UseCore(request, cluster.Sample(request.Kind.Database > 0 ? request.Kind.Cpu / 2 : request.Kind.Cpu));
    }

    // As LoadShedder of the output: while nobody has waited for 10 ms, the newest is rejected, then the oldest.
    private void Queue(Request request, LoadShedding limits)
    {
        request.Queued = cluster.Now;
        if (waiting.Count >= limits.MaxQueueLength)
        {
            if (cluster.Now - waiting.First!.Value.Queued < 10_000_000)
            {
                Reject(request, limits);
                return;
            }

            Reject(waiting.First.Value, limits);
            waiting.RemoveFirst();
        }

        waiting.AddLast(request);
    }

    private void RunNext()
    {
        while (waiting.First is { } oldest)
        {
            waiting.RemoveFirst();
            if (cluster.Now - oldest.Value.Queued <= shedding!.MaxQueueTime * 1e9)
            {
                Run(oldest.Value);
                return;
            }

            Reject(oldest.Value, shedding);
        }
    }

    private void Reject(Request request, LoadShedding limits)
    {
        request.State = RequestState.Rejecting;
        UseCore(request, cluster.Sample(limits.RejectionCpu));
    }

    private void UseCore(Request request, long cpu)
    {
        cpu = cluster.Now < coldUntil ? (long)(cpu * cluster.Scenario.Autoscaling!.ColdFactor) : cpu;
        if (busy == cores)
        {
            cluster.Outcomes.WaitedForCore++;
            runnable.Enqueue((request, cpu, cluster.Now));
            return;
        }

        busy++;
        CpuTime += cpu;
        cluster.Schedule(request, cpu);
    }

    private void ReleaseCore()
    {
        busy--;
        if (runnable.TryDequeue(out var next))
        {
            cluster.Outcomes.CoreWait += cluster.Now - next.Since;
            busy++;
            CpuTime += next.Cpu;
            cluster.Schedule(next.Request, next.Cpu);
        }
    }
}
