using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The owner role of the Migrator owns the tables; the role of the services can only read and write rows.</summary>
[Collection("End to end")]
public sealed class ServiceRoleTests(ServersFixture servers)
{
    [SkippableFact]
    public async Task Services_run_with_a_role_that_cannot_change_tables()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        var owner = connectionStrings["owner"] = connectionStrings["database"];
        var service = connectionStrings["database"] = new NpgsqlConnectionStringBuilder(owner)
        {
            Username = $"service-{Guid.NewGuid():N}",
            Password = "it's \"quoted\" \\ right",
        }.ConnectionString;
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, connectionStrings);
        await backend.MigrateAsync();
        await backend.MigrateAsync();
        var partition = $"inbox_messages_{DateTimeOffset.UtcNow.AddDays(5):yyyyMMdd}";
        await ExecuteAsync(owner, $"DROP TABLE {partition}");
        // Rows that were inserted before their partition existed are moved into it.
        await ExecuteAsync(owner, "INSERT INTO inbox_messages SELECT uuid7_min(date_trunc('day', now() AT TIME ZONE 'UTC') + interval '5 days'), 'test', now()");
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");
        await backend.WaitUntilAsync(async () => await ExecuteAsync(owner, $"SELECT to_regclass('{partition}')::text") is string);
        Assert.Equal(1L, await ExecuteAsync(owner, $"SELECT count(*) FROM {partition}"));

        Assert.Equal("1min", await ExecuteAsync(service, "SELECT current_setting('idle_in_transaction_session_timeout')"));
        foreach (var change in new[]
        {
            "CREATE TABLE mine (id int)", "DROP TABLE orders", "ALTER TABLE orders ADD COLUMN mine int", "TRUNCATE orders",
            "DELETE FROM \"__EFMigrationsHistory\"", "CREATE ROLE mine",
        })
        {
            await AssertRefusedAsync(service, change);
        }
    }

    [SkippableFact]
    public async Task No_function_executable_by_services_deletes_data()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        var owner = connectionStrings["owner"] = connectionStrings["database"];
        var role = $"service-{Guid.NewGuid():N}";
        var service = connectionStrings["database"] = new NpgsqlConnectionStringBuilder(owner) { Username = role, Password = "not-a-secret" }.ConnectionString;
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Partitioning, "monthly");
        await using var backend = new Backend(await BuiltSolution.GetAsync(options), connectionStrings);
        await backend.MigrateAsync();
        const string Partitions = "SELECT string_agg(inhrelid::regclass::text, ',' ORDER BY inhrelid::regclass::text) FROM pg_inherits";
        var before = await ExecuteAsync(owner, Partitions);

        var functions = (string)(await ExecuteAsync(service, $"""
            SELECT string_agg(proname || '/' || pronargs, ' ' ORDER BY proname) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND has_function_privilege('{role}', oid, 'EXECUTE')
            """))!;

        // The first two are tested below; the other two only calculate.
        Assert.Equal("create_next_partition/0 drop_expired_partition/0 uuid7_min/1 uuid7_time/1", functions);
        foreach (var function in new[] { "drop_expired_partition", "create_next_partition" })
        {
            Assert.IsType<DBNull>(await ExecuteAsync(service, $"SELECT {function}()"));
            // A temporary table of the caller must not shadow partition_policies.
            Assert.IsType<DBNull>(await ExecuteAsync(service, $"""
                CREATE TEMP TABLE partition_policies AS SELECT table_name, key_column, period, 0 AS periods_ahead, interval '-1000 years' AS retention, false AS keep_rows
                    FROM public.partition_policies;
                SET search_path = pg_temp, public;
                SELECT public.{function}();
                """));
        }

        foreach (var change in new[]
        {
            "UPDATE partition_policies SET retention = '0'", "INSERT INTO partition_policies VALUES ('orders', 'id', 'day', 0, '0', false)",
            "CALL repair_partitions()", "SELECT create_partition('orders', 'day', now()::timestamp)",
            "DROP TABLE inbox_messages_default", "ALTER TABLE inbox_messages DETACH PARTITION inbox_messages_default",
        })
        {
            await AssertRefusedAsync(service, change);
        }

        Assert.Equal(before, await ExecuteAsync(owner, Partitions));
    }

    private static async Task AssertRefusedAsync(string service, string change)
    {
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(service, change));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
