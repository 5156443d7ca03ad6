using Capacity.Queueing;

namespace Capacity.Sizing;

/// <summary>How much of everything carries a rate of requests at its peak.</summary>
internal sealed class Plan(Figures figures, double requests)
{
    // One request in a hundred may wait for a connection.
    private const double MaxConnectionWait = 0.01;

    // Handlers are busy with 70 % of what they may do concurrently, so that queues are short.
    private const double HandlerUtilization = 0.7;

    public Workload Load { get; } = new(figures, requests);

    public Fleet Gateways => Fleet.Create(figures, Load.GatewayCpu);

    public Fleet Api => Fleet.Create(figures, Load.ApiCpu);

    public Fleet Workers => Fleet.Create(figures, Load.WorkerCpu);

    /// <summary>The cores of one replica as servers, at its share of the load while a zone is lost.</summary>
    public WaitingLine ApiWithoutZone => new(Api.Cores, Load.ApiCpu / Api.WithoutZone / MeanCpu, MeanCpu);

    /// <summary>The wait for a core that 99 % of the requests do not exceed while a zone is lost, in seconds.</summary>
    public double ApiWait => ApiWithoutZone.GetWait(0.99) * GetWaitFactor(figures);

    public int ApiPool => CountConnections(Load.ApiConnections, Api);

    public int WorkerPool => CountConnections(Load.WorkerConnections, Workers);

    /// <summary>The sum that the output checks at start-up: a pool and a probe for each process, and the Migrator.</summary>
    public int Connections => (Api.Replicas * (ApiPool + 1)) + (Workers.Replicas * (WorkerPool + 1)) + 1;

    public bool NeedsPgBouncer => Connections > 0.8 * figures["environment", "connections of a server"];

    /// <summary>Connections of the server if all processes share them.</summary>
    public int SharedConnections => WaitingLine.CountServers(Load.ApiConnections + Load.WorkerConnections, 1, MaxConnectionWait);

    /// <summary>Messages that each handler of a process works on concurrently.</summary>
    public int MaxConcurrency => Math.Max(8, (int)Math.Ceiling(
        Load.MessagesInHandlers / figures["message", "per placement"] / HandlerUtilization / Workers.WithoutZone));

    public Backlog Backlog => new(Load.Messages, TimeSpan.FromSeconds(figures["environment", "outage of the workers"]));

    /// <summary>Messages per second at all cores of the workers, or at their concurrency, whichever is less.</summary>
    public double MaxConsumption => Math.Min(
        Workers.Replicas * Workers.Cores / figures["message", "worker"] * figures["environment", "highest utilization with a zone lost"],
        Workers.Replicas * MaxConcurrency * figures["message", "per placement"] * Load.Messages / Load.MessagesInHandlers);

    public double PrimaryCores => Load.WriteCpu / figures["environment", "utilization of the database"];

    public double ReadCores => Load.ReadCpu / figures["environment", "utilization of the database"];

    /// <summary>Primaries that the writes need; more than one means sharding.</summary>
    public int Primaries => (int)Math.Ceiling(PrimaryCores / figures["environment", "largest database server"]);

    public double OrdersPerMonth => Load.Placements / figures["environment", "peak to mean load"] * 86400 * 30;

    public double BytesPerMonth => OrdersPerMonth * figures["placement", "stored order with indexes"];

    /// <summary>How much longer requests wait for a core than in an M/M/c queue, as their service times vary more.</summary>
    public static double GetWaitFactor(Figures figures) => Variability.WaitFactor(1, Variability.OfMix(
        [.. figures.Requests.Select(kind => (figures[kind, "share of requests"], figures[kind, "API"]))],
        figures["environment", "variation of service times"]));

    private double MeanCpu => Load.ApiCpu / Load.Requests;

    private static int CountConnections(double inUse, Fleet fleet) => WaitingLine.CountServers(inUse / fleet.WithoutZone, 1, MaxConnectionWait);
}
