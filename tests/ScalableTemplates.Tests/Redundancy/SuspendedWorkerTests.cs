using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>A worker is suspended past all timeouts (SIGSTOP), another takes over, and the first one continues.</summary>
[Collection("Faults")]
public sealed class SuspendedWorkerTests(ITestOutputHelper output)
{
    private const string Lease = "FROM job_leases WHERE name = 'partition-maintenance'";

    [SkippableFact]
    public async Task A_worker_suspended_in_a_transaction_has_no_second_effect()
    {
        await FaultScenario.RunAsync(
            output,
            "Worker suspended in a transaction past all timeouts",
            async run =>
            {
                await run.RabbitMq.SetHeartbeatAsync(5);
                // Shorter than what the Migrator sets for the role of the services.
                await run.Postgres.ExecuteAsync(
                    $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(run.Database).Database} SET idle_in_transaction_session_timeout = '15s'");
            },
            async run =>
            {
                await using (await LockAsync(run.Database, "inbox_messages IN SHARE MODE"))
                {
                    await WaitForAsync(run.Database, Blocked("INSERT INTO inbox_messages"));
                    await run.Backend.PauseWorkerAsync();
                }

                await WaitForAsync(run.Database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'idle in transaction')");
                var accepted = run.Load.Accepted.Values.ToHashSet();
                await TakeOverAsync(run);
                output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the start of another worker");
                await run.Backend.WaitUntilAsync(async () => accepted.IsSubsetOf(
                    await PostgresServer.QueryAsync<Guid>(run.Database, "SELECT id FROM orders WHERE status = 'Confirmed'")));

                await run.Backend.ResumeWorkerAsync();
                await run.AcceptOrdersAsync();
            },
            apis: 1);
    }

    // The new worker runs a recurring job whose lease passes to yet another process meanwhile. Its end must not release that lease.
    private static async Task TakeOverAsync(FaultRun run)
    {
        await using (await LockAsync(run.Database, "partition_policies IN ACCESS EXCLUSIVE MODE"))
        {
            await PostgresServer.QueryAsync<int>(run.Database, "UPDATE job_leases SET due_at = now(), succeeded_at = 'epoch' WHERE name = 'partition-maintenance' RETURNING 1");
            await run.Backend.StartWorkerAsync(replica: 1);
            await WaitForAsync(run.Database, Blocked("SELECT drop_expired_partition"));
            await PostgresServer.QueryAsync<int>(run.Database, "UPDATE job_leases SET due_at = '2100-01-01' WHERE name = 'partition-maintenance' RETURNING 1");
        }

        await WaitForAsync(run.Database, $"SELECT succeeded_at > 'epoch' {Lease}");
        await Task.Delay(TimeSpan.FromSeconds(1));
        await WaitForAsync(run.Database, $"SELECT due_at = '2100-01-01' {Lease}", attempts: 1);
    }

    private static string Blocked(string statement) =>
        $"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{statement}%')";

    private static async Task<NpgsqlConnection> LockAsync(string database, string table)
    {
        var connection = new NpgsqlConnection(database + ";Pooling=false;Timeout=120;Command Timeout=120");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {table}", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static async Task WaitForAsync(string database, string condition, int attempts = 6000)
    {
        for (; !(await PostgresServer.QueryAsync<bool>(database, condition))[0]; await Task.Delay(20))
        {
            Assert.True(--attempts > 0, condition);
        }
    }
}
