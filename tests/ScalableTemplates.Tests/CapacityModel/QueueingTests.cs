using Capacity.Queueing;

namespace ScalableTemplates.Tests.CapacityModel;

public sealed class QueueingTests
{
    // From a standard table of traffic for a loss of 1 %.
    [Theory]
    [InlineData(5, 1.361)]
    [InlineData(10, 4.461)]
    [InlineData(20, 12.03)]
    [InlineData(100, 84.06)]
    public void Erlang_B_matches_the_traffic_table(int servers, double load) => Assert.Equal(0.01, Erlang.B(servers, load), 0.0001);

    [Theory]
    [InlineData(1, 0.7, 0.7)]
    [InlineData(2, 1, 1.0 / 3)]
    [InlineData(3, 2, 4.0 / 9)]
    [InlineData(5, 4, 0.5541)]
    [InlineData(10, 8, 0.4092)]
    [InlineData(14, 10, 0.1741)]
    [InlineData(4, 4, 1)]
    public void Erlang_C_matches_known_values(int servers, double load, double expected) => Assert.Equal(expected, Erlang.C(servers, load), 0.0001);

    [Fact]
    public void Erlang_C_does_not_overflow_with_many_servers() => Assert.InRange(Erlang.C(2_000, 1_900), 0.001, 0.1);

    [Fact]
    public void A_single_server_waits_as_an_M_M_1_queue()
    {
        var line = new WaitingLine(1, ArrivalRate: 8, ServiceTime: 0.1);

        Assert.Equal(0.8, line.Utilization, 0.0001);
        Assert.Equal(0.4, line.MeanWait, 0.0001);
        // P(W > t) = 0.8 e^(-2t)
        Assert.Equal(Math.Log(80) / 2, line.GetWait(0.99), 0.0001);
        Assert.Equal(0, line.GetWait(0.2), 0.0001);
    }

    [Fact]
    public void An_overloaded_queue_waits_forever() => Assert.Equal(double.PositiveInfinity, new WaitingLine(2, 30, 0.1).MeanWait);

    [Theory]
    [InlineData(10, 0.1741, 14)]
    [InlineData(10, 0.17, 15)]
    [InlineData(0.01, 0.5, 1)]
    public void The_fewest_servers_keep_the_share_of_waits(double load, double share, int expected) =>
        Assert.Equal(expected, WaitingLine.CountServers(load, 1, share + 0.0001));

    // 1,000 requests/s that each use a connection for 5 ms use five of them.
    [Fact]
    public void Littles_law_counts_connections_in_use()
    {
        Assert.Equal(5, LittlesLaw.InSystem(1_000, 0.005), 0.0001);
        Assert.Equal(0.005, LittlesLaw.TimeInSystem(5, 1_000), 0.0001);
    }

    [Fact]
    public void A_mix_of_kinds_varies_more_than_each()
    {
        Assert.Equal(1, Variability.OfMix([(1, 0.1)], withinKind: 1), 0.0001);
        // Half 1, half 3, both constant: variance 1, mean 2.
        Assert.Equal(0.25, Variability.OfMix([(0.5, 1), (0.5, 3)], withinKind: 0), 0.0001);
    }

    [Fact]
    public void A_backlog_drains_by_the_spare_rate()
    {
        var backlog = new Backlog(ArrivalRate: 100, TimeSpan.FromMinutes(10));

        Assert.Equal(60_000, backlog.Messages);
        Assert.Equal(TimeSpan.FromMinutes(20), backlog.GetDrainTime(consumptionRate: 150));
        Assert.Equal(Timeout.InfiniteTimeSpan, backlog.GetDrainTime(consumptionRate: 100));
    }
}
