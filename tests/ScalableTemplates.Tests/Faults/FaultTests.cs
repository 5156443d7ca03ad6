using System.Diagnostics;
using ScalableTemplates.Tests.EndToEnd;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Whatever fails while orders come in: each accepted order has each of its effects exactly once.</summary>
[Collection("Faults")]
public sealed class FaultTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(2);

    // Longer than the timeouts of statements and than what a probe tolerates.
    private static readonly TimeSpan LongOutage = TimeSpan.FromSeconds(8);

    [SkippableFact]
    public async Task A_broker_that_is_stopped_and_started_loses_nothing()
    {
        await RunAsync("Broker stopped and started", async run =>
        {
            await run.RabbitMq.StopAsync();
            await run.AcceptOrdersAsync();
            await run.RabbitMq.StartAsync();
        });
    }

    [SkippableFact]
    public async Task A_broker_that_is_killed_loses_nothing()
    {
        await RunAsync("Broker killed and started", async run =>
        {
            await run.RabbitMq.KillAsync();
            await run.AcceptOrdersAsync();
            await run.RabbitMq.StartAsync();
        });
    }

    [SkippableFact]
    public async Task A_worker_that_is_killed_three_times_loses_nothing()
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
    public async Task Three_relays_and_three_workers_do_nothing_twice()
    {
        var report = await RunAsync("None; three APIs with relays, three workers", _ => Task.CompletedTask, apis: 3, workers: 3);

        Assert.Equal(0, report.RepeatedCharges);
        Assert.Equal(0, report.RepeatedMails);
    }

    [SkippableTheory]
    [InlineData("fast")]
    [InlineData("immediate")]
    public async Task A_database_that_restarts_loses_nothing(string mode) =>
        await RunAsync($"Database restarted ({mode})", run => run.Postgres.RestartAsync(mode));

    [SkippableFact]
    public async Task A_database_that_refuses_to_write_loses_nothing()
    {
        await RunAsync("Database refuses writes", async run =>
        {
            await run.Postgres.SetReadOnlyAsync(true);
            await Task.Delay(Outage);
            await run.Postgres.SetReadOnlyAsync(false);
        });
    }

    [SkippableFact]
    public async Task A_database_that_hangs_loses_nothing()
    {
        await RunAsync("Database hangs", async run =>
        {
            await run.Postgres.PauseAsync();
            await Task.Delay(LongOutage);
            await run.Postgres.ResumeAsync();
        });
    }

    [SkippableFact]
    public async Task A_cache_that_is_killed_disturbs_nobody()
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
    public async Task A_standby_that_is_killed_disturbs_nobody()
    {
        await RunAsync(
            "Standby killed and started",
            async run =>
            {
                await run.Standby.KillAsync();
                for (var clock = Stopwatch.StartNew(); clock.Elapsed < Outage;)
                {
                    await run.Backend.GetProductIdAsync();
                    // Paced, as the orders are: how many reads the machine can do beside them is not the question.
                    await Task.Delay(20);
                }

                await run.AcceptOrdersAsync();
                await run.Standby.RunAsync();
            },
            hasStandby: true);
    }

    private async Task<FaultReport> RunAsync(string title, Func<FaultRun, Task> fault, int apis = 2, int workers = 1, bool hasStandby = false)
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var file = Environment.GetEnvironmentVariable("FAULT_REPORT");
        await using var run = await FaultRun.StartAsync(apis, workers, hasStandby);
        FaultReport report;
        try
        {
            report = await run.RunAsync(fault);
        }
        finally
        {
            if (file is not null)
            {
                run.CopyLogs($"{file}.logs/{title}");
            }
        }

        output.WriteLine(report.Row(title));
        output.WriteLine($"POST retried: {string.Join(", ", report.Load.Retried.Select(reason => $"{reason.Key} {reason.Value} times"))}");
        if (file is not null)
        {
            report.AppendTo(file, title);
        }

        report.AssertNothingLostAndNothingTwice();
        return report;
    }
}

/// <summary>Heavy, and with times that tell something only if nothing else runs.</summary>
[CollectionDefinition("Faults", DisableParallelization = true)]
public sealed class AloneOnTheMachine;
