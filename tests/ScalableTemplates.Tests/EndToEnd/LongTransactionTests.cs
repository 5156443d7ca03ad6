using System.Diagnostics;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A long transaction keeps dead tuples from being vacuumed; the relay must not scan them repeatedly.</summary>
[Collection("End to end")]
public sealed class LongTransactionTests(ServersFixture servers)
{
    private const int Dead = 100_000;
    private const int Orders = 30;

    [SkippableFact]
    public async Task Dead_tuples_kept_by_a_long_transaction_do_not_slow_down_the_outbox()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), connectionStrings);
        await backend.MigrateAsync();
        await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
        await ExecuteAsync(database, $"""
            INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts)
                SELECT gen_random_uuid(), 'none', '', now(), now() - interval '1 hour', 0 FROM generate_series(1, {Dead})
            """);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var look = new NpgsqlCommand("SELECT count(*) FROM outbox_messages", connection, transaction))
        {
            await look.ExecuteScalarAsync();
        }

        await ExecuteAsync(database, "DELETE FROM outbox_messages");
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();
        var before = await CountReadsAsync(database);
        var clock = Stopwatch.StartNew();

        for (var number = 0; number < Orders; number++)
        {
            await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");
        }

        // Each order wakes the relay twice. Two processes scan the whole outbox at most every five seconds.
        var scans = 2 * (2 + (clock.Elapsed.TotalSeconds / 5));
        Assert.InRange((await CountReadsAsync(database) - before) / Dead, 0, Math.Min(scans, Orders));
    }

    /// <returns>The number of entries read from the index on the due time, after all processes have reported their statistics.</returns>
    private static async Task<double> CountReadsAsync(NpgsqlDataSource database)
    {
        await Task.Delay(TimeSpan.FromSeconds(2));
        await using var command = database.CreateCommand("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'ix_outbox_messages_due_at'");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
