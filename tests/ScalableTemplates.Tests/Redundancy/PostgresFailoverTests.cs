using System.Diagnostics;
using Npgsql;
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
            await RedundancyRun.RunAsync(
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

    private static string BothHosts(string connectionString, PostgresServer first, PostgresServer second) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Host = $"127.0.0.1:{first.Port},127.0.0.1:{second.Port}",
        TargetSessionAttributes = "primary",
    }.ConnectionString;
}
