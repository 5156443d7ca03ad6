using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Graceful shutdown under load, as in every release.</summary>
[Collection("Faults")]
public sealed class ShutdownTests(ITestOutputHelper output)
{
    // Many times longer than the load balancer needs to react, to allow for a busy machine.
    private static readonly TimeSpan DrainDelay = TimeSpan.FromSeconds(15);

    private const int Sample = 100;

    [SkippableFact]
    public async Task Graceful_shutdown_of_a_replica_fails_no_request()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var run = await FaultRun.StartAsync(apis: 1, workers: 0, hasStandby: false);
        run.Backend.Set("Shutdown__DrainDelay", DrainDelay.ToString());
        await run.Backend.StartApiAsync(replica: 1);
        var stopping = run.Backend.AddressOf(1);
        var product = await run.Backend.GetProductIdAsync();
        await using var load = new BalancedLoad([run.Backend.AddressOf(0), stopping], product);
        await load.WaitForResponsesAsync(Sample);

        var clock = Stopwatch.StartNew();
        var stop = run.Backend.StopApiAsync(1);
        await load.WaitForReadinessAsync(stopping, isReady: false);

        // A client that still uses the replica is served and asked to close its connection.
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        using var late = await client.GetAsync(new Uri(stopping, "v1/products"));
        var exitCode = await stop;
        var took = clock.Elapsed;
        await load.WaitForResponsesAsync(Sample);
        Assert.False(load.IsReady(stopping));
        // The new replica at the same address.
        await run.Backend.StartApiAsync(replica: 1);
        await load.WaitForReadinessAsync(stopping, isReady: true);
        await load.WaitForResponsesAsync(Sample);
        await load.StopAsync();

        output.WriteLine($"{load.Answered} responses; stopped after {took.TotalSeconds:0.0} s; /health: {load.HealthHistory[stopping]}");
        Assert.Empty(load.Failures);
        Assert.Equal(0, exitCode);
        Assert.True(took >= DrainDelay, $"It stopped after {took}.");
        Assert.Matches("^200 .*, 503 Stopping, (503 Starting, )*200 ", load.HealthHistory[stopping]);
        Assert.Equal((HttpStatusCode.OK, true), (late.StatusCode, late.Headers.ConnectionClose));
    }

    [SkippableFact]
    public async Task Graceful_shutdown_of_a_worker_loses_and_duplicates_nothing()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var run = await FaultRun.StartAsync(apis: 1, workers: 1, hasStandby: false);
        var exitCodes = new List<int>();

        var report = await run.RunAsync(async run =>
        {
            for (var stops = 0; stops < 2; stops++)
            {
                exitCodes.Add(await run.Backend.StopWorkerAsync());
                run.Backend.Set("Shutdown__DrainDelay", "00:00:05");
                await run.Backend.StartWorkerAsync();
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        });

        output.WriteLine(report.Row("Worker stopped gracefully twice"));
        report.AssertNothingLostOrDuplicated();
        // Messages in progress were completed, so no external call was repeated.
        Assert.Equal((0, 0), (report.RepeatedCharges, report.RepeatedMails));
        Assert.All(exitCodes, code => Assert.Equal(0, code));
    }
}
