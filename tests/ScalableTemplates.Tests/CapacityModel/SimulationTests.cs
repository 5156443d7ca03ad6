using Capacity.Queueing;
using Capacity.Simulation;

namespace ScalableTemplates.Tests.CapacityModel;

/// <summary>Compares the simulation with queues whose waits are known.</summary>
public sealed class SimulationTests
{
    private const double ServiceTime = 0.001;

    [Theory]
    [InlineData(1, 0.7)]
    [InlineData(4, 0.8)]
    public void Exponential_service_waits_as_an_M_M_c_queue(int cores, double utilization)
    {
        var line = new WaitingLine(cores, utilization * cores / ServiceTime, ServiceTime);
        var scenario = Simple(line.ArrivalRate) with { Cores = cores };

        var outcomes = Cluster.Run(scenario);

        double arrivals = outcomes.CountArrivals(..);
        AssertWithin(0.05, line.WaitProbability, outcomes.WaitedForCore / arrivals);
        AssertWithin(0.05, line.MeanWait, outcomes.CoreWait / arrivals / 1e9);
        AssertWithin(0.05, (line.GetWait(0.99) + ServiceTime) * 1000, outcomes.GetLatency(.., 0.99), 0.1);
    }

    [Fact]
    public void Service_with_a_tail_waits_by_Pollaczek_and_Khinchine()
    {
        var line = new WaitingLine(1, 600, ServiceTime);

        var outcomes = Cluster.Run(Simple(line.ArrivalRate) with { Variation = 3 });

        AssertWithin(0.1, line.MeanWait * Variability.WaitFactor(1, 3), outcomes.CoreWait / outcomes.CountArrivals(..) / 1e9);
    }

    [Fact]
    public void Requests_in_progress_follow_Littles_law()
    {
        var scenario = Simple(2_500) with { Zones = 3, Kinds = [new(0.5, ServiceTime, 0.002, true), new(0.5, ServiceTime / 2, 0, true)] };

        var outcomes = Cluster.Run(scenario);

        var inProgress = LittlesLaw.InSystem(outcomes.CountArrivals(..) / scenario.Length, outcomes.GetMeanLatency(..) / 1000);
        AssertWithin(0.001, inProgress, outcomes.RequestTime / 1e9 / scenario.Length);
        AssertWithin(0.02, 2_500 * scenario.Length, outcomes.CountArrivals(..));
    }

    [Fact]
    public void The_same_seed_has_the_same_outcome()
    {
        var scenario = Simple(700) with { Length = 5 };

        Assert.Equal(Cluster.Run(scenario).RequestTime, Cluster.Run(scenario).RequestTime);
        Assert.NotEqual(Cluster.Run(scenario).RequestTime, Cluster.Run(scenario with { Seed = 2 }).RequestTime);
    }

    // The examples of the documentation of Kubernetes.
    [Theory]
    [InlineData(4, 1.0, 8)]
    [InlineData(4, 0.25, 2)]
    [InlineData(4, 0.54, 4)]
    [InlineData(4, 0.56, 5)]
    public void The_autoscaler_decides_as_that_of_Kubernetes(int replicas, double utilization, int expected) =>
        Assert.Equal(expected, new Autoscaling(Target: 0.5, Interval: 15, StartTime: 20, ColdTime: 6, ColdFactor: 1.6).CountReplicas(replicas, utilization));

    private static Scenario Simple(double requestsPerSecond) => new(requestsPerSecond, Length: 300, [new(1, ServiceTime, 0, true)]);

    // The share of the p99 that service and wait overlap in is not in the sum of both, hence a wider bound there.
    private static void AssertWithin(double tolerance, double expected, double actual, double more = 0) =>
        Assert.InRange(actual, expected * (1 - tolerance - more), expected * (1 + tolerance + more));
}
