using System.Data;
using Npgsql;
using Runner.Contenders;
using Runner.Servers;

namespace Runner.Benchmarks;

/// <summary>
/// Drain rate while deleted rows cannot be vacuumed, as an old snapshot sees them: that of a transaction, or of a query on a standby
/// with hot_standby_feedback.
/// </summary>
internal sealed class HeldRows(ServerSet servers, Contender contender, RunOptions options, Report report)
{
    private static readonly string[] Cases = ["nothing", "a transaction on the primary", "a query on a standby with hot_standby_feedback"];

    private readonly Dictionary<string, List<DrainResult>> results = Cases.ToDictionary(name => name, _ => new List<DrainResult>());

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress($"preparing {contender.Name}");
        await contender.PrepareAsync();
        await using var session = await Session.StartAsync(contender, servers, cancellationToken: cancellationToken);
        // In all cases, as replaying the write-ahead log takes CPU time from the others.
        await using var standby = await servers.StartStandbyAsync();
        await using var standbyDatabase = NpgsqlDataSource.Create(standby.ConnectionString(contender.Name));
        await session.WarmUpAsync(options, cancellationToken);
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var name in Cases)
            {
                await BulkRows.SettleAsync(session.Database, "outbox_messages", cancellationToken);
                await MeasureAsync(name, name == Cases[2] ? standbyDatabase : session.Database, session, cancellationToken);
            }
        }

        var free = Report.Median(results[Cases[0]].Select(result => result.Rate));
        report.Write(
            "Drain while deleted rows are held",
            $"{Report.Number(options.Scale(20_000))} orders after {Report.Number(options.Scale(50_000))}, in one session with a standby; medians of {options.Rounds} rounds. The last columns are CPU time per message in microseconds.",
            ["rows are held by", "messages/s", "ratio", "all rounds", .. CpuTime.Names],
            results.Select(pair => (string[])
            [
                pair.Key,
                Report.Number(Report.Median(pair.Value.Select(result => result.Rate))),
                Report.Decimal(Report.Median(pair.Value.Select(result => result.Rate)) / free),
                string.Join(", ", pair.Value.Select(result => Report.Number(result.Rate))),
                .. CpuTime.Names.Select(part => Report.Number(Report.Median(pair.Value.Select(result => result.Cpu[part])))),
            ]));
    }

    private async Task MeasureAsync(string name, NpgsqlDataSource holder, Session session, CancellationToken cancellationToken)
    {
        await using var connection = await holder.OpenConnectionAsync(cancellationToken);
        await using var transaction = name == Cases[0] ? null : await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var snapshot = new NpgsqlCommand("SELECT count(*) FROM outbox_messages", connection, transaction);
        await snapshot.ExecuteScalarAsync(cancellationToken);
        await session.SeedAndDrainAsync(options.Scale(50_000), cancellationToken);
        await session.SeedAsync(options.Scale(20_000), cancellationToken);
        var result = await DrainResult.MeasureAsync(session, options.Scale(20_000), cancellationToken);
        await CheckAsync(isHeld: transaction is not null, session, cancellationToken);
        results[name].Add(result);
        Report.Progress($"{name}: {Report.Number(result.Rate)}/s");
    }

    // A figure for held rows would mean nothing if the rows were not held.
    private async Task CheckAsync(bool isHeld, Session session, CancellationToken cancellationToken)
    {
        var age = await session.ScalarAsync<int>(
            """
            SELECT coalesce(max(age(xmin)), 0) FROM (
                SELECT backend_xmin AS xmin FROM pg_stat_activity WHERE pid <> pg_backend_pid()
                UNION ALL SELECT backend_xmin FROM pg_stat_replication) AS snapshots
            """,
            cancellationToken);
        if (isHeld != age > options.Scale(20_000))
        {
            throw new InvalidOperationException($"The oldest snapshot is {age} transactions old.");
        }
    }
}
