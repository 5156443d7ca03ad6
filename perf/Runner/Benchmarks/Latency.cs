using System.Globalization;
using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>Latency from POST to committed effect under open-loop load at a constant rate.</summary>
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
        var hasBaseline = medians.TryGetValue("baseline", out var baseline);
        report.Write(
            "From POST to effect",
            $"{PerSecond} POST/s for {Length.TotalSeconds:0} s, in milliseconds; medians of {options.Rounds} rounds.",
            ["", "p50", "p99", "p50 to the baseline", "p99 to the baseline", "all rounds (p50/p99)"],
            medians.Select(pair => new[]
            {
                pair.Key,
                Report.Decimal(pair.Value.P50),
                Report.Decimal(pair.Value.P99),
                hasBaseline ? Report.Decimal(pair.Value.P50 / baseline.P50) : "",
                hasBaseline ? Report.Decimal(pair.Value.P99 / baseline.P99) : "",
                string.Join(", ", results[pair.Key].Select(result => $"{Report.Decimal(result.P50)}/{Report.Decimal(result.P99)}")),
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

    // The drains do not warm up the path from POST to outbox.
    private async Task WarmUpAsync(Session session, CancellationToken cancellationToken)
    {
        var orders = options.Scale(30_000);
        await Client(session).SendAllAsync(orders, cancellationToken);
        await session.WaitForEffectsAsync(orders, TimeSpan.FromMinutes(1), cancellationToken);
        await BulkRows.SettleAsync(session.Database, table: "", cancellationToken);
    }

    private static OpenLoopClient Client(Session session) => new(new Uri(session.Api, "orders"), PerSecond);
}
