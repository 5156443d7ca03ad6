using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The worker creates partitions ahead and removes those that have served their time.</summary>
[Collection("End to end")]
public sealed class PartitionTests(ServersFixture servers)
{
    [SkippableFact]
    public async Task Old_inbox_partitions_are_dropped_and_old_orders_are_detached()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Partitioning, "monthly");
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var backend = new Backend(await BuiltSolution.GetAsync(options), connectionStrings);
        await backend.MigrateAsync();
        await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
        // The first partition takes whatever is older, so that a table with rows can be partitioned.
        await ExecuteAsync(database, $"DROP TABLE orders_{DateTimeOffset.UtcNow:yyyyMM}");
        await AttachAsync(database, "inbox_messages", "20200101", new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2020, 1, 2, 0, 0, 0, TimeSpan.Zero));
        await AttachAsync(database, "orders", "202001", new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2020, 2, 1, 0, 0, 0, TimeSpan.Zero));
        backend.Set("Orders__Retention", "730.00:00:00");
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        await backend.WaitUntilAsync(async () => !await ExistsAsync(database, "pg_inherits", "inhrelid", "orders_202001"));

        Assert.False(await ExistsAsync(database, "pg_class", "oid", "inbox_messages_20200101"));
        Assert.True(await ExistsAsync(database, "pg_class", "oid", "orders_202001"));
        var inAWeek = DateTimeOffset.UtcNow.AddDays(6);
        Assert.True(await ExistsAsync(database, "pg_inherits", "inhrelid", $"inbox_messages_{inAWeek:yyyyMMdd}"));
        Assert.True(await ExistsAsync(database, "pg_inherits", "inhrelid", $"orders_{DateTimeOffset.UtcNow.AddMonths(11):yyyyMM}"));
    }

    private static Task AttachAsync(NpgsqlDataSource database, string table, string suffix, DateTimeOffset start, DateTimeOffset end) =>
        ExecuteAsync(database, $"CREATE TABLE {table}_{suffix} PARTITION OF {table} FOR VALUES FROM ('{FirstId(start)}') TO ('{FirstId(end)}')");

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<bool> ExistsAsync(NpgsqlDataSource database, string catalog, string column, string name)
    {
        await using var command = database.CreateCommand($"SELECT count(*) FROM {catalog} WHERE {column} = to_regclass($1)");
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        return (long)(await command.ExecuteScalarAsync())! > 0;
    }

    // The time in milliseconds, and nothing after it: RFC 9562, section 5.7.
    private static Guid FirstId(DateTimeOffset time) => Guid.Parse(time.ToUnixTimeMilliseconds().ToString("x12", null).PadRight(32, '0'));
}
