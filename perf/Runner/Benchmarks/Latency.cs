using System.Globalization;
using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>How long an order takes from its POST to its effect, while orders come at a constant rate, answered or not.</summary>
internal sealed class Latency(ServerSet servers, IReadOnlyList<Contender> contenders, RunOptions options, Report report)
{
    private const int PerSecond = 200;

    private TimeSpan Length => TimeSpan.FromSeconds(options.IsQuick ? 2 : 20);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var contender in contenders)
        {
            Report.Progress($"preparing {contender.Name}");
            await contender.PrepareAsync();
        }

        var results = contenders.ToDictionary(contender => contender.Name, _ => new List<(double P50, double P99)>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                var result = await MeasureAsync(contender, cancellationToken);
                Report.Progress(string.Create(CultureInfo.InvariantCulture, $"round {round}: {contender.Name} p50 {result.P50:0.00} ms, p99 {result.P99:0.00} ms"));
                results[contender.Name].Add(result);
            }
        }

        var medians = results.ToDictionary(
            pair => pair.Key, pair => (P50: Report.Median(pair.Value.Select(result => result.P50)), P99: Report.Median(pair.Value.Select(result => result.P99))));
        var hasFloor = medians.TryGetValue("floor", out var floor);
        report.Write(
            "From POST to effect",
            $"{PerSecond} POST/s for {Length.TotalSeconds:0} s, in milliseconds; medians of {options.Rounds}.",
            ["", "p50", "p99", "p50 to the floor", "p99 to the floor", "all rounds (p50/p99)"],
            medians.Select(pair => new[]
            {
                pair.Key,
                Report.Ratio(pair.Value.P50),
                Report.Ratio(pair.Value.P99),
                hasFloor ? Report.Ratio(pair.Value.P50 / floor.P50) : "",
                hasFloor ? Report.Ratio(pair.Value.P99 / floor.P99) : "",
                string.Join(", ", results[pair.Key].Select(result => $"{Report.Ratio(result.P50)}/{Report.Ratio(result.P99)}")),
            }));
    }

    private async Task<(double P50, double P99)> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        await using var session = await Session.StartAsync(contender, servers, cancellationToken: cancellationToken);
        await session.WarmUpAsync(options, cancellationToken);
        await WarmUpAsync(session, cancellationToken);
        var sent = await Client(session).RunAsync(Length, cancellationToken);
        await session.WaitForEffectsAsync(sent.Count, TimeSpan.FromMinutes(1), cancellationToken);
        var handled = new Dictionary<Guid, DateTime>();
        await using var command = session.Database.CreateCommand("SELECT order_id, pg_xact_commit_timestamp(xmin) FROM order_effects");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            handled[reader.GetGuid(0)] = reader.GetDateTime(1);
        }

        var latencies = sent.Select(order => (handled[order.Key] - order.Value).TotalMilliseconds).Order().ToArray();
        return (latencies[latencies.Length / 2], latencies[latencies.Length * 99 / 100]);
    }

    // The drains have not warmed up the way from the POST to the outbox.
    private async Task WarmUpAsync(Session session, CancellationToken cancellationToken)
    {
        var orders = options.Of(30_000);
        await Client(session).SendAllAsync(orders, cancellationToken);
        await session.WaitForEffectsAsync(orders, TimeSpan.FromMinutes(1), cancellationToken);
        await BulkRows.SettleAsync(session.Database, table: "", cancellationToken);
    }

    private static OpenLoopClient Client(Session session) => new(new Uri(session.Api, "orders"), PerSecond);
}
