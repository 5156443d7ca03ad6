using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>Throughput of draining a full outbox through broker and handler.</summary>
internal sealed class Drain(ServerSet servers, IReadOnlyList<Contender> contenders, RunOptions options, Report report)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var contender in contenders)
        {
            Report.Progress($"preparing {contender.Name}");
            await contender.PrepareAsync();
        }

        var results = new Dictionary<(string Contender, bool Batched), List<DrainResult>>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var batched in new[] { false, true })
            {
                foreach (var contender in contenders.Where(contender => !batched || contender.CanBatch))
                {
                    var result = await MeasureAsync(contender, batched, cancellationToken);
                    Report.Progress($"round {round}: {contender.Name}{(batched ? " in batches" : "")} {Report.Number(result.Rate)}/s");
                    (results.TryGetValue((contender.Name, batched), out var list) ? list : results[(contender.Name, batched)] = []).Add(result);
                }
            }
        }

        foreach (var group in results.GroupBy(pair => pair.Key.Batched))
        {
            Write(group.Key, group.ToDictionary(pair => pair.Key.Contender, pair => pair.Value));
        }
    }

    private void Write(bool batched, Dictionary<string, List<DrainResult>> results)
    {
        var medians = results.ToDictionary(pair => pair.Key, pair => Report.Median(pair.Value.Select(result => result.Rate)));
        report.Write(
            batched ? "Drain, many messages in a transaction" : "Drain, one message in a transaction",
            $"{Report.Number(options.Scale(20_000))} orders from outbox through broker to idempotent handler; medians of {options.Rounds} rounds. "
                + "The last columns are CPU time in microseconds and write-ahead log in bytes, per message.",
            ["", "messages/s", "to the baseline", "all rounds", .. CpuTime.Names, "log"],
            results.Select(pair => (string[])
            [
                pair.Key,
                Report.Number(medians[pair.Key]),
                medians.TryGetValue("baseline", out var baseline) ? Report.Decimal(medians[pair.Key] / baseline) : "",
                string.Join(", ", pair.Value.Select(result => Report.Number(result.Rate))),
                .. CpuTime.Names.Select(name => Report.Number(Report.Median(pair.Value.Select(result => result.Cpu[name])))),
                Report.Number(Report.Median(pair.Value.Select(result => result.WriteAheadLog))),
            ]));
    }

    private async Task<DrainResult> MeasureAsync(Contender contender, bool batched, CancellationToken cancellationToken)
    {
        await using var session = await Session.StartAsync(contender, servers, batched, cancellationToken: cancellationToken);
        await session.WarmUpAsync(options, cancellationToken);
        await Statements.ResetAsync(session, options, cancellationToken);
        var count = options.Scale(20_000);
        await session.SeedAsync(count, cancellationToken);
        var result = await DrainResult.MeasureAsync(session, count, cancellationToken);
        await Statements.PrintAsync(session, options, count, cancellationToken);
        return result;
    }
}
