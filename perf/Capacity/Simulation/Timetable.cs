namespace Capacity.Simulation;

/// <summary>What happens at a certain time: a surge, the loss of a zone, decisions of the autoscaler.</summary>
internal sealed class Timetable
{
    private readonly PriorityQueue<Action, long> due = new();
    private readonly Cluster cluster;
    private readonly List<Replica> replicas;
    private int planned;

    public Timetable(Cluster cluster, Gateway gateway, List<Replica> replicas)
    {
        (this.cluster, this.replicas) = (cluster, replicas);
        if (cluster.Scenario.ZoneLoss is { } loss)
        {
            At(loss.At, () => LoseZone());
            At(loss.At + loss.Detection, gateway.Detect);
        }

        if (cluster.Scenario.Surge is { } surge)
        {
            At(surge.At, () => LoadFactor = surge.Factor);
        }

        if (cluster.Scenario.Autoscaling is { } autoscaling)
        {
            At(autoscaling.Interval, () => Decide(autoscaling, autoscaling.Interval));
        }
    }

    public double LoadFactor { get; private set; } = 1;

    public long Next => due.TryPeek(out _, out var time) ? time : long.MaxValue;

    public void Happen() => due.Dequeue()();

    private void At(double seconds, Action action) => due.Enqueue(action, (long)(seconds * 1e9));

    private void LoseZone()
    {
        foreach (var request in replicas.Where(replica => replica.Zone == 0).SelectMany(replica => replica.Lose()).ToList())
        {
            cluster.Hang(request);
        }
    }

    // Lost replicas count as idle, as the autoscaler assumes of those without metrics when it would scale up.
    private void Decide(Autoscaling autoscaling, double now)
    {
        planned = Math.Max(planned, replicas.Count);
        var utilization = replicas.Where(replica => !replica.IsLost).Sum(replica => replica.CpuTime)
            / (autoscaling.Interval * 1e9 * cluster.Scenario.Cores * replicas.Count);
        replicas.ForEach(replica => replica.CpuTime = 0);
        for (var wanted = autoscaling.CountReplicas(replicas.Count, utilization); planned < wanted; planned++)
        {
            var start = now + autoscaling.StartTime;
            At(start, () => cluster.AddReplica((long)((start + autoscaling.ColdTime) * 1e9)));
        }

        At(now + autoscaling.Interval, () => Decide(autoscaling, now + autoscaling.Interval));
    }
}
