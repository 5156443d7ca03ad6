using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using RabbitMQ.Client;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>A standby takes over from its primary under load.</summary>
[Collection("Faults")]
public sealed class PostgresFailoverTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_failover_with_synchronous_replication_loses_nothing()
    {
        PostgresServer? second = null;
        try
        {
            await FaultScenario.RunAsync(
                output,
                "Primary killed, synchronous standby promoted; then a switchover back",
                async run =>
                {
                    second = await run.Postgres.StartStandbyAsync();
                    await run.Postgres.SetSynchronousAsync(true);
                    run.Database = BothHosts(run.Database, run.Postgres, second);
                    run.ConnectionStrings["database"] = BothHosts(run.ConnectionStrings["database"], run.Postgres, second);
                },
                async run =>
                {
                    await run.Postgres.KillAsync();
                    await second!.PromoteAsync();
                    output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the promotion");

                    await run.Postgres.FollowAsync(second);
                    await second.SetSynchronousAsync(true);
                    await run.AcceptOrdersAsync();
                    var clock = Stopwatch.StartNew();
                    await second.StopAsync("fast");
                    await run.Postgres.PromoteAsync();
                    await run.Postgres.SetSynchronousAsync(false);
                    output.WriteLine($"Switchover took {clock.Elapsed.TotalSeconds:0.0} s");
                    output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the promotion");
                });
        }
        finally
        {
            await (second?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    [SkippableFact]
    public async Task A_failover_with_asynchronous_replication_loses_only_what_the_standby_had_not_received()
    {
        await using var primaryAddress = new ServiceAddress();
        await using var standbyAddress = new ServiceAddress();
        await FaultScenario.RunAsync(
            output,
            "Primary killed, asynchronous standby promoted; then a switchover that leaves the former primary running, read-only",
            run =>
            {
                primaryAddress.PointTo(run.Postgres.Port);
                standbyAddress.PointTo(run.Standby.Port);
                run.ConnectionStrings["database"] = AtAddress(run.ConnectionStrings["database"], primaryAddress);
                run.ConnectionStrings["replica"] = AtAddress(run.ConnectionStrings["replica"], standbyAddress);
                run.Settings["Messaging__RetryDelays__1"] = run.Settings["Messaging__RetryDelays__2"] = "00:00:01";
                return Task.CompletedTask;
            },
            async run =>
            {
                // The messages of the orders that will be lost stay at the broker.
                await run.Backend.PauseWorkerAsync();
                var replicated = run.Load.Accepted.Values.ToHashSet();
                await WaitForStandbyAsync(run.Postgres);
                await run.Standby.KillAsync();
                await run.AcceptOrdersAsync();
                await run.Postgres.KillAsync();
                var acknowledged = run.Load.Accepted.Values.ToHashSet();
                primaryAddress.PointTo();
                standbyAddress.PointTo();
                await run.Standby.RunAsync();
                await run.Standby.PromoteAsync();
                primaryAddress.PointTo(run.Standby.Port);
                var clock = Stopwatch.StartNew();
                run.Lost.UnionWith(acknowledged.Except(await GetOrdersAsync(run.Standby, run.Database)));
                await run.Backend.ResumeWorkerAsync();
                await run.AcceptOrdersAsync();
                output.WriteLine($"{run.Lost.Count} of {acknowledged.Count} orders lost; accepted again {clock.Elapsed.TotalSeconds:0.0} s after the promotion");
                Assert.NotEmpty(run.Lost);
                Assert.Empty(run.Lost.Intersect(replicated));

                await run.Postgres.FollowAsync(run.Standby);
                standbyAddress.PointTo(run.Postgres.Port);
                await run.Backend.WaitUntilAsync(async () => await run.Backend.GetHealthAsync() == "Healthy");
                var dead = await TakeDeadLettersAsync(run.RabbitMq);
                output.WriteLine($"{dead.Count} of their messages dead-lettered");
                Assert.NotEmpty(dead);
                Assert.Subset(run.Lost, dead);

                await run.Standby.SetReadOnlyAsync(true);
                await WaitForAsync(run.Standby, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL)");
                await WaitForStandbyAsync(run.Standby);
                standbyAddress.PointTo();
                await run.Postgres.PromoteAsync();
                primaryAddress.PointTo(run.Postgres.Port);
                output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the switchover");

                await run.Standby.StopAsync("fast");
                await run.Standby.FollowAsync(run.Postgres);
                await run.Standby.SetReadOnlyAsync(false);
                standbyAddress.PointTo(run.Standby.Port);
                clock.Restart();
                await run.Backend.WaitUntilAsync(async () => await run.Backend.GetHealthAsync() == "Healthy");
                output.WriteLine($"Read from the standby again {clock.Elapsed.TotalSeconds:0.0} s after its return");
            },
            apis: 1,
            hasStandby: true);
    }

    private static string AtAddress(string connectionString, ServiceAddress address) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Port = address.Port }.ConnectionString;

    // The standby has all commits up to now.
    private static async Task WaitForStandbyAsync(PostgresServer primary)
    {
        var flushed = (await QueryAsync<string>(primary, "SELECT pg_current_wal_flush_lsn()::text"))[0];
        await WaitForAsync(primary, $"SELECT EXISTS (SELECT FROM pg_stat_replication WHERE replay_lsn >= '{flushed}')");
    }

    private static async Task WaitForAsync(PostgresServer server, string condition)
    {
        for (var clock = Stopwatch.StartNew(); !(await QueryAsync<bool>(server, condition))[0]; await Task.Delay(20))
        {
            Assert.True(clock.Elapsed < Daemon.WaitTimeout, condition);
        }
    }

    private static Task<List<T>> QueryAsync<T>(PostgresServer server, string sql) => PostgresServer.QueryAsync<T>(server.ConnectionString("postgres"), sql);

    private static Task<List<Guid>> GetOrdersAsync(PostgresServer server, string connectionString) =>
        PostgresServer.QueryAsync<Guid>(server.ConnectionString(new NpgsqlConnectionStringBuilder(connectionString).Database!), "SELECT id FROM orders");

    // All are dead-lettered after three retry delays of a second.
    private static async Task<HashSet<Guid>> TakeDeadLettersAsync(RabbitMqServer broker)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var orders = new HashSet<Guid>();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < (orders.Count == 0 ? Daemon.WaitTimeout : TimeSpan.FromSeconds(5)); await Task.Delay(100))
        {
            while (await channel.BasicGetAsync("charge-payment.dead", autoAck: true) is { } message)
            {
                orders.Add(JsonElement.Parse(message.Body.Span).GetProperty("orderId").GetGuid());
                clock.Restart();
            }
        }

        return orders;
    }

    private static string BothHosts(string connectionString, PostgresServer first, PostgresServer second) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Host = $"127.0.0.1:{first.Port},127.0.0.1:{second.Port}",
        TargetSessionAttributes = "primary",
    }.ConnectionString;
}
