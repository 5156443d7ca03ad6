using Capacity.Simulation;
using Capacity.Sizing;

namespace Capacity.Reports;

/// <summary>A simulated scenario and the phases that its outcomes are reported for.</summary>
internal sealed record ZoneLossRun(string Name, Outcomes Outcomes, IReadOnlyList<(string Name, Range Seconds)> Phases)
{
    private static readonly (string, Range)[] Loss =
    [
        ("before", 1..Scenarios.Lost),
        ("zone lost, not noticed", Scenarios.Lost..Scenarios.Detected),
        ("noticed", Scenarios.Detected..(Scenarios.Detected + 3)),
        ("later", (Scenarios.Detected + 5)..Scenarios.End),
    ];

    private static readonly (string, Range)[] Surge =
    [
        ("before", 1..Scenarios.Surged),
        ("until replicas are added", Scenarios.Surged..Scenarios.Added),
        ("replicas cold", Scenarios.Added..(Scenarios.Added + 6)),
        ("replicas warm", (Scenarios.Added + 6)..Scenarios.SurgeEnd),
    ];

    public static IReadOnlyList<ZoneLossRun> RunAll(Figures figures)
    {
        var scenarios = new Scenarios(figures);
        (string Name, Scenario Scenario, (string, Range)[] Phases)[] cases =
        [
            ("sized as above", scenarios.Sized, Loss),
            ("70 % CPU before", scenarios.Full, Loss),
            ("85 % CPU before", scenarios.Overloaded, Loss),
            ("85 % CPU before, without load shedding", scenarios.WithoutShedding, Loss),
            ("no zone lost: load × 1.5 at once, autoscaler", scenarios.Rising, Surge),
        ];
        return [.. cases.AsParallel().AsOrdered().Select(item => new ZoneLossRun(item.Name, Cluster.Run(item.Scenario), item.Phases))];
    }
}
