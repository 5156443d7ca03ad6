using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>Throughput of a backlog with three, two and one workers, each limited to a share of a core.</summary>
internal sealed class Workers(ServerSet servers, Contender contender, RunOptions options, Report report)
{
    private const int Most = 3;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress($"preparing {contender.Name}");
        await contender.PrepareAsync();
        var rates = Enumerable.Range(1, Most).ToDictionary(count => count, _ => new List<double>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            var groups = new Stack<ControlGroup>();
            try
            {
                await MeasureAsync(rates, groups, cancellationToken);
            }
            finally
            {
                foreach (var group in groups)
                {
                    group.Dispose();
                }
            }
        }

        var one = Report.Median(rates[1]);
        report.Write(
            "Workers",
            $"Each worker has {Replicas.Share:0.00} of a core; medians of {options.Rounds} rounds. Efficiency is the rate divided by that of one worker and by their number.",
            ["", "messages/s", "all rounds", "efficiency"],
            rates.Select(pair => new[]
            {
                $"{pair.Key} workers", Report.Number(Report.Median(pair.Value)), string.Join(", ", pair.Value.Select(Report.Number)),
                Report.Decimal(Report.Median(pair.Value) / one / pair.Key),
            }));
    }

    private async Task MeasureAsync(Dictionary<int, List<double>> rates, Stack<ControlGroup> groups, CancellationToken cancellationToken)
    {
        await using var session = await Session.StartAsync(contender, servers, workers: Most, cancellationToken: cancellationToken);
        await session.WarmUpAsync(options, cancellationToken);
        // In the order in which they are stopped.
        foreach (var worker in session.Workers.Reverse())
        {
            var group = ControlGroup.Create();
            groups.Push(group);
            group.Add(worker);
        }

        for (var count = Most; count >= 1; count--)
        {
            Limit(Replicas.Share);
            var orders = options.Scale(3_000 * count);
            await session.SeedAsync(orders, cancellationToken);
            var result = await DrainResult.MeasureAsync(session, orders, cancellationToken);
            rates[count].Add(result.Rate);
            Report.Progress($"{count} workers: {Report.Number(result.Rate)}/s");
            // A process that shuts down would take minutes with its limit.
            Limit(null);
            await session.StopWorkerAsync();
            groups.Pop().Dispose();
        }

        void Limit(double? share)
        {
            foreach (var group in groups)
            {
                group.LimitCpu(share);
            }
        }
    }
}
