using System.Globalization;
using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>What becomes of the drain rate of the output when there is more of something.</summary>
internal sealed class Growth(ServerSet servers, Contender contender, RunOptions options, Report report)
{
    private readonly List<(string Case, List<double> Rates)> results = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress($"preparing {contender.Name}");
        await contender.PrepareAsync();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var processes in new[] { 1, 2, 4 })
            {
                await using var session = await StartAsync(processes, cancellationToken);
                var count = options.Of(20_000);
                await session.SeedAsync(count, cancellationToken);
                Add($"{processes} relays, {processes} workers", count / (await session.DrainAsync(count, cancellationToken)).TotalSeconds);
            }

            await MeasureWaitingAsync(options.Of(10_000), cancellationToken);
            await MeasureWaitingAsync(options.Of(1_000_000), cancellationToken);
            await MeasureInboxAsync(options.Of(10_000_000), cancellationToken);
        }

        report.Write(
            "Drain of the output as it grows",
            $"Medians of {options.Rounds}.",
            ["", "messages/s", "to the first", "all rounds"],
            results.Select(result => new[]
            {
                result.Case,
                Report.Number(Report.Median(result.Rates)),
                Report.Ratio(Report.Median(result.Rates) / Report.Median(results[0].Rates)),
                string.Join(", ", result.Rates.Select(Report.Number)),
            }));
    }

    // To the last one: the relay runs ahead of the worker, so the first ones are handled while it takes most of the processor.
    private async Task MeasureWaitingAsync(int waiting, CancellationToken cancellationToken)
    {
        await using var session = await StartAsync(1, cancellationToken);
        await session.SeedWaitingAsync(waiting, cancellationToken);
        var elapsed = await session.DrainAsync(waiting, cancellationToken);
        Add($"{Report.Number(waiting)} waiting", waiting / elapsed.TotalSeconds);
    }

    private async Task MeasureInboxAsync(int rows, CancellationToken cancellationToken)
    {
        await using var session = await StartAsync(1, cancellationToken);
        await BulkRows.CopyAsync(session.Database, "inbox_messages", "message_id", rows, "", cancellationToken);
        var count = options.Of(20_000);
        await session.SeedAsync(count, cancellationToken);
        Add($"{Report.Number(rows)} rows in the inbox", count / (await session.DrainAsync(count, cancellationToken)).TotalSeconds);
    }

    private async Task<Session> StartAsync(int processes, CancellationToken cancellationToken)
    {
        var session = await Session.StartAsync(contender, servers, relays: processes, workers: processes, cancellationToken: cancellationToken);
        await session.WarmUpAsync(options, cancellationToken);
        return session;
    }

    private void Add(string name, double rate)
    {
        Report.Progress(string.Create(CultureInfo.InvariantCulture, $"{name}: {rate:0}/s"));
        if (results.Find(result => result.Case == name) is { Rates: { } rates })
        {
            rates.Add(rate);
        }
        else
        {
            results.Add((name, [rate]));
        }
    }
}
