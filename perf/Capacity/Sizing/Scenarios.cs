using Capacity.Simulation;

namespace Capacity.Sizing;

/// <summary>Simulations of a small cluster in three zones, with the mix and the figures of the model.</summary>
internal sealed class Scenarios(Figures figures)
{
    // When the zone is lost, and when the gateway has noticed: after two probes without a response, 4 seconds at most.
    public const int Lost = 3, Detected = Lost + 4, End = Detected + 8;

    /// <summary>When the load rises, and when the first replicas are added: 20 seconds after the first decision of the autoscaler.</summary>
    public const int Surged = 10, Added = 35, SurgeEnd = 50;

    /// <summary>Two replicas in each zone: the fewest that show what happens if both random choices of the gateway are lost.</summary>
    private const int PerZone = 2;

    public Scenario Sized => At(figures["environment", "highest utilization with a zone lost"] * (Zones - 1) / Zones);

    /// <summary>A zone is lost while all replicas are at the target of an autoscaler of 70 %.</summary>
    public Scenario Full => At(0.7);

    /// <summary>As <see cref="Full"/>, with more than the rest can carry by far.</summary>
    public Scenario Overloaded => At(0.85);

    public Scenario WithoutShedding => Overloaded with { LoadShedding = null };

    /// <summary>The load rises at once by a half, and the autoscaler follows.</summary>
    public Scenario Rising => At(0.7) with
    {
        ReplicasPerZone = 1,
        RequestsPerSecond = At(0.7).RequestsPerSecond / PerZone,
        Length = SurgeEnd,
        ZoneLoss = null,
        Surge = new Surge(Surged, 1.5),
        Autoscaling = new Autoscaling(0.6, Interval: 15, StartTime: 20, ColdTime: 6, ColdFactor: 1.6),
    };

    private int Zones => (int)figures["environment", "zones"];

    private Scenario At(double utilization)
    {
        var cores = (int)figures["environment", "cores of a replica"];
        return new(utilization * Zones * PerZone * cores / new Workload(figures, 1).RequestCpu, End, Kinds)
        {
            Zones = Zones,
            ReplicasPerZone = PerZone,
            Cores = cores,
            Variation = figures["environment", "variation of service times"],
            // The three bulkheads of the output as one, with their limits per processor.
            LoadShedding = new LoadShedding((10 + 10 + 8) * cores, 3 * 24 * cores, 2, figures["environment", "rejection"]),
            ZoneLoss = new ZoneLoss(Lost, Detected - Lost),
            // Two gateways.
            RetryBurst = 2 * 100,
            ClientTimeout = 5,
        };
    }

    private List<RequestKind> Kinds =>
    [
        .. figures.Requests.Select(kind => new RequestKind(
            figures[kind, "share of requests"], figures[kind, "API"], new Workload(figures, 1).GetConnectionTime(kind), kind != "placement")),
    ];
}
