using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The worker creates partitions in advance and removes expired ones.</summary>
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
        backend.Set("Orders__Retention", "730.00:00:00");
        await backend.MigrateAsync();
        await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
        // The first partition has no lower bound, so that a table with rows can be partitioned.
        await ExecuteAsync(database, $"DROP TABLE orders_{DateTimeOffset.UtcNow:yyyyMM}");
        await AttachAsync(database, "inbox_messages", "20200101", new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2020, 1, 2, 0, 0, 0, TimeSpan.Zero));
        await AttachAsync(database, "orders", "202001", new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2020, 2, 1, 0, 0, 0, TimeSpan.Zero));
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        await backend.WaitUntilAsync(async () => !await ExistsAsync(database, "pg_inherits", "inhrelid", "orders_202001"));

        Assert.False(await ExistsAsync(database, "pg_class", "oid", "inbox_messages_20200101"));
        Assert.True(await ExistsAsync(database, "pg_class", "oid", "orders_202001"));
        var inAWeek = DateTimeOffset.UtcNow.AddDays(6);
        Assert.True(await ExistsAsync(database, "pg_inherits", "inhrelid", $"inbox_messages_{inAWeek:yyyyMMdd}"));
        Assert.True(await ExistsAsync(database, "pg_inherits", "inhrelid", $"orders_{DateTimeOffset.UtcNow.AddMonths(11):yyyyMM}"));
    }

    [SkippableFact]
    public async Task Rows_that_block_a_partition_degrade_the_worker_until_the_documented_command_moves_them()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Partitioning, "monthly");
        var connectionStrings = await servers.GetConnectionStringsAsync();
        await using var backend = new Backend(await BuiltSolution.GetAsync(options), connectionStrings);
        await backend.MigrateAsync();
        await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
        var day = DateTimeOffset.UtcNow.AddDays(3);
        var partition = $"inbox_messages_{day:yyyyMMdd}";
        var id = FirstId(new(day.UtcDateTime.Date, TimeSpan.Zero)).ToString()[..23];
        await ExecuteAsync(database, $"DROP TABLE {partition}");
        await ExecuteAsync(database, $"INSERT INTO inbox_messages SELECT ('{id}-' || lpad(to_hex(i), 12, '0'))::uuid, 'test', now() FROM generate_series(1, 10001) i");
        await ExecuteAsync(database, "INSERT INTO job_leases (name, succeeded_at) VALUES ('partition-maintenance', now() - interval '2 hours')");

        await backend.StartWorkerAsync("Degraded");
        await backend.WaitUntilAsync(() => Task.FromResult(backend.WorkerLog.Contains("CALL repair_partitions()", StringComparison.Ordinal)));
        await ExecuteAsync(database, "CALL repair_partitions()");
        await ExecuteAsync(database, "UPDATE job_leases SET due_at = now()");
        await backend.WaitUntilAsync(async () => await backend.GetWorkerHealthAsync() == "Healthy");

        Assert.Equal(10001L, await CountAsync(database, partition));
        Assert.Equal(0L, await CountAsync(database, "inbox_messages_default"));
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database, string table)
    {
        await using var command = database.CreateCommand($"SELECT count(*) FROM {table}");
        return (long)(await command.ExecuteScalarAsync())!;
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

    // The timestamp of a UUIDv7 in milliseconds, padded with zeros: RFC 9562, section 5.7.
    private static Guid FirstId(DateTimeOffset time) => Guid.Parse(time.ToUnixTimeMilliseconds().ToString("x12", null).PadRight(32, '0'));
}
