using System.Globalization;
using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>Drain rate of the generated solution as processes, backlog or inbox grow.</summary>
internal sealed class Growth(ServerSet servers, Contender contender, RunOptions options, Report report)
{
    private readonly List<(string Case, List<DrainResult> Results)> cases = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress($"preparing {contender.Name}");
        await contender.PrepareAsync();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var kind in options.Growth)
            {
                await (kind switch
                {
                    "processes" => MeasureProcessesAsync(cancellationToken),
                    "backlog" => MeasureBacklogAsync(cancellationToken),
                    "inbox" => MeasureInboxAsync(cancellationToken),
                    _ => throw new InvalidOperationException($"Unknown growth benchmark: {kind}"),
                });
            }
        }

        report.Write(
            "Drain of the generated solution under growth",
            $"Medians of {options.Rounds} rounds. The last columns are CPU time per message in microseconds.",
            ["", "messages/s", "all rounds", .. CpuTime.Names],
            cases.Select(measured => (string[])
            [
                measured.Case,
                Report.Number(Report.Median(measured.Results.Select(result => result.Rate))),
                string.Join(", ", measured.Results.Select(result => Report.Number(result.Rate))),
                .. CpuTime.Names.Select(name => Report.Number(Report.Median(measured.Results.Select(result => result.Cpu[name])))),
            ]));
    }

    private async Task MeasureProcessesAsync(CancellationToken cancellationToken)
    {
        foreach (var processes in new[] { 1, 2, 4 })
        {
            await using var session = await StartAsync(processes, cancellationToken);
            await MeasureAsync($"{processes} relays, {processes} workers", session, options.Scale(20_000), session.SeedAsync, cancellationToken);
        }
    }

    // Measured to the last message: the relay runs ahead of the worker and takes most of the CPU time at first.
    private async Task MeasureBacklogAsync(CancellationToken cancellationToken)
    {
        foreach (var backlog in new[] { options.Scale(10_000), options.Scale(1_000_000) })
        {
            await using var session = await StartAsync(1, cancellationToken);
            await MeasureAsync($"{Report.Number(backlog)} messages in the outbox", session, backlog, session.SeedBacklogAsync, cancellationToken);
        }
    }

    private async Task MeasureInboxAsync(CancellationToken cancellationToken)
    {
        foreach (var rows in new[] { 0, options.Scale(10_000_000) })
        {
            await using var session = await StartAsync(1, cancellationToken);
            await BulkRows.CopyAsync(session.Database, "inbox_messages", "message_id", rows, "", cancellationToken);
            await MeasureAsync($"{Report.Number(rows)} more rows in the inbox", session, options.Scale(20_000), session.SeedAsync, cancellationToken);
        }
    }

    private async Task<Session> StartAsync(int processes, CancellationToken cancellationToken)
    {
        var session = await Session.StartAsync(contender, servers, relays: processes, workers: processes, cancellationToken: cancellationToken);
        await session.WarmUpAsync(options, cancellationToken);
        return session;
    }

    private async Task MeasureAsync(
        string name, Session session, int count, Func<int, CancellationToken, Task> seedAsync, CancellationToken cancellationToken)
    {
        await seedAsync(count, cancellationToken);
        var result = await DrainResult.MeasureAsync(session, count, cancellationToken);
        Report.Progress(string.Create(CultureInfo.InvariantCulture, $"{name}: {result.Rate:0}/s"));
        if (cases.Find(measured => measured.Case == name) is { Results: { } results })
        {
            results.Add(result);
        }
        else
        {
            cases.Add((name, [result]));
        }
    }
}
