using System.Diagnostics;
using ScalableTemplates.Tests.EndToEnd;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Faults under load: every accepted order takes effect exactly once.</summary>
[Collection("Faults")]
public sealed class FaultTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(2);

    // Longer than the command timeouts and the failure threshold of probes.
    private static readonly TimeSpan LongOutage = TimeSpan.FromSeconds(8);

    [SkippableFact]
    public async Task A_broker_restart_loses_no_message()
    {
        await RunAsync("Broker stopped and started", async run =>
        {
            await run.RabbitMq.StopAsync();
            await run.AcceptOrdersAsync();
            await run.RabbitMq.StartAsync();
        });
    }

    [SkippableFact]
    public async Task A_killed_broker_loses_no_message()
    {
        await RunAsync("Broker killed and started", async run =>
        {
            await run.RabbitMq.KillAsync();
            await run.AcceptOrdersAsync();
            await run.RabbitMq.StartAsync();
        });
    }

    [SkippableFact]
    public async Task A_worker_killed_three_times_loses_no_message()
    {
        await RunAsync("Worker killed three times", async run =>
        {
            for (var kills = 0; kills < 3; kills++)
            {
                await run.Backend.KillWorkerAsync();
                await run.AcceptOrdersAsync();
                await run.Backend.StartWorkerAsync();
                await Task.Delay(Outage);
            }
        });
    }

    [SkippableFact]
    public async Task Three_relays_and_three_workers_duplicate_nothing()
    {
        var report = await RunAsync("None; three APIs with relays, three workers", _ => Task.CompletedTask, apis: 3, workers: 3);

        Assert.Equal(0, report.RepeatedCharges);
        Assert.Equal(0, report.RepeatedMails);
    }

    [SkippableTheory]
    [InlineData("fast")]
    [InlineData("immediate")]
    public async Task A_database_restart_loses_nothing(string mode) =>
        await RunAsync($"Database restarted ({mode})", run => run.Postgres.RestartAsync(mode));

    [SkippableFact]
    public async Task A_read_only_database_loses_nothing()
    {
        await RunAsync("Database refuses writes (read-only)", async run =>
        {
            await run.Postgres.SetReadOnlyAsync(true);
            await Task.Delay(Outage);
            await run.Postgres.SetReadOnlyAsync(false);
        });
    }

    [SkippableFact]
    public async Task A_hanging_database_loses_nothing()
    {
        await RunAsync("Database hangs", async run =>
        {
            await run.Postgres.PauseAsync();
            await Task.Delay(LongOutage);
            await run.Postgres.ResumeAsync();
        });
    }

    [SkippableFact]
    public async Task A_killed_cache_fails_no_request()
    {
        await RunAsync("Redis killed and started", async run =>
        {
            await run.Redis.KillAsync();
            await Task.Delay(Outage);
            await run.AcceptOrdersAsync();
            await run.Redis.StartAsync();
        });
    }

    [SkippableFact]
    public async Task A_killed_standby_fails_no_request()
    {
        await RunAsync(
            "Standby killed and started",
            async run =>
            {
                await run.Standby.KillAsync();
                for (var clock = Stopwatch.StartNew(); clock.Elapsed < Outage;)
                {
                    await run.Backend.GetProductIdAsync();
                    // Paced, so that the reads do not compete with the orders for the CPU.
                    await Task.Delay(20);
                }

                await run.AcceptOrdersAsync();
                await run.Standby.RunAsync();
            },
            hasStandby: true);
    }

    private Task<FaultReport> RunAsync(string title, Func<FaultRun, Task> fault, int apis = 2, int workers = 1, bool hasStandby = false) =>
        FaultScenario.RunAsync(output, title, arrange: _ => Task.CompletedTask, fault, apis, workers, hasStandby);
}

/// <summary>Not parallel: these tests load the machine, and other load would distort their timing.</summary>
[CollectionDefinition("Faults", DisableParallelization = true)]
public sealed class NotParallel;
