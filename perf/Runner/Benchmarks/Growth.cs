using System.Data;
using System.Globalization;
using Npgsql;
using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>What becomes of the drain rate of the output when there is more of something.</summary>
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
                    "waiting" => MeasureWaitingAsync(cancellationToken),
                    "inbox" => MeasureInboxAsync(cancellationToken),
                    "transaction" => MeasureTransactionAsync(cancellationToken),
                    _ => throw new InvalidOperationException($"Nothing that grows: {kind}"),
                });
            }
        }

        report.Write(
            "Drain of the output as it grows",
            $"Medians of {options.Rounds}. The last columns are microseconds of processor time for a message.",
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
            await MeasureAsync($"{processes} relays, {processes} workers", session, options.Of(20_000), session.SeedAsync, cancellationToken);
        }
    }

    // To the last one: the relay runs ahead of the worker, so the first ones are handled while it takes most of the processor.
    private async Task MeasureWaitingAsync(CancellationToken cancellationToken)
    {
        foreach (var waiting in new[] { options.Of(10_000), options.Of(1_000_000) })
        {
            await using var session = await StartAsync(1, cancellationToken);
            await MeasureAsync($"{Report.Number(waiting)} waiting", session, waiting, session.SeedWaitingAsync, cancellationToken);
        }
    }

    private async Task MeasureInboxAsync(CancellationToken cancellationToken)
    {
        foreach (var rows in new[] { 0, options.Of(10_000_000) })
        {
            await using var session = await StartAsync(1, cancellationToken);
            await BulkRows.CopyAsync(session.Database, "inbox_messages", "message_id", rows, "", cancellationToken);
            await MeasureAsync($"{Report.Number(rows)} more rows in the inbox", session, options.Of(20_000), session.SeedAsync, cancellationToken);
        }
    }

    // What was drained before stays in the tables and indexes, as the transaction could still see it; so does a standby's feedback.
    private async Task MeasureTransactionAsync(CancellationToken cancellationToken)
    {
        foreach (var isOpen in new[] { false, true })
        {
            await using var session = await StartAsync(1, cancellationToken);
            await using var connection = await session.Database.OpenConnectionAsync(cancellationToken);
            await using var transaction = isOpen ? await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken) : null;
            await using var look = new NpgsqlCommand("SELECT count(*) FROM outbox_messages", connection, transaction);
            await look.ExecuteScalarAsync(cancellationToken);
            var before = options.Of(100_000);
            await session.SeedAndDrainAsync(before, cancellationToken);
            await MeasureAsync(
                $"{Report.Number(before)} drained before{(isOpen ? ", with a transaction open since" : "")}",
                session, options.Of(20_000), session.SeedAsync, cancellationToken);
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
