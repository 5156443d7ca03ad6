namespace Capacity.Simulation;

/// <summary>A discrete-event simulation of a scenario. The same scenario always has the same outcome.</summary>
internal sealed class Cluster
{
    private readonly PriorityQueue<Request, (long Time, long Number)> events = new();
    private readonly RandomSource random;
    private readonly Gateway gateway;
    private readonly Timetable timetable;
    private readonly List<Replica> replicas = [];
    private long number;
    private int inProgress;
    private long changed;

    private Cluster(Scenario scenario)
    {
        Scenario = scenario;
        Outcomes = new Outcomes((int)scenario.Length);
        random = new RandomSource(scenario.Seed);
        gateway = new Gateway(this, random);
        timetable = new Timetable(this, gateway, replicas);
        for (var replica = 0; replica < scenario.Zones * scenario.ReplicasPerZone; replica++)
        {
            AddReplica(coldUntil: 0);
        }
    }

    public Scenario Scenario { get; }

    public Outcomes Outcomes { get; }

    /// <summary>The simulated time in nanoseconds.</summary>
    public long Now { get; private set; }

    public static Outcomes Run(Scenario scenario)
    {
        var cluster = new Cluster(scenario);
        cluster.Run();
        return cluster.Outcomes;
    }

    public void AddReplica(long coldUntil)
    {
        var replica = new Replica(this, replicas.Count % Scenario.Zones, coldUntil);
        replicas.Add(replica);
        gateway.Add(replica);
    }

    public void Schedule(Request request, long delay) => events.Enqueue(request, (Now + delay, number++));

    public void Complete(Request request)
    {
        request.Replica.Pending--;
        CountInProgress(-1);
        Outcomes.AddCompletion(request, Now, Now - request.Arrived <= Scenario.ClientTimeout * 1e9);
    }

    public void Reject(Request request)
    {
        request.Replica.Pending--;
        if (!gateway.TryRepeatRejected(request))
        {
            CountInProgress(-1);
            Outcomes.AddRejection(request);
        }
    }

    public void Hang(Request request) => gateway.Hang(request);

    /// <summary>A duration in nanoseconds around a mean in seconds.</summary>
    public long Sample(double mean) => random.NextHyperexponential(mean * 1e9, Scenario.Variation);

    private void Run()
    {
        var end = (long)(Scenario.Length * 1e9);
        var arrival = NextArrival();
        while (true)
        {
            var next = events.TryPeek(out _, out var key) ? key.Time : long.MaxValue;
            if (timetable.Next <= Math.Min(Math.Min(arrival, next), end))
            {
                Now = timetable.Next;
                timetable.Happen();
            }
            else if (arrival <= next && arrival < end)
            {
                Now = arrival;
                Outcomes.AddArrival(Now);
                CountInProgress(1);
                gateway.Send(new Request(NextKind(), Now));
                arrival = NextArrival();
            }
            else if (next != long.MaxValue)
            {
                // Requests that have arrived before the end are finished.
                Now = next;
                var request = events.Dequeue();
                request.Replica.Continue(request);
            }
            else
            {
                return;
            }
        }
    }

    private void CountInProgress(int change)
    {
        Outcomes.RequestTime += (double)inProgress * (Now - changed);
        (inProgress, changed) = (inProgress + change, Now);
    }

    private long NextArrival() => Now + random.NextExponential(1e9 / (Scenario.RequestsPerSecond * timetable.LoadFactor));

    private RequestKind NextKind()
    {
        var left = random.NextDouble();
        foreach (var kind in Scenario.Kinds)
        {
            left -= kind.Share;
            if (left < 0)
            {
                return kind;
            }
        }

        return Scenario.Kinds[^1];
    }
}
