using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Processes that are asked to end, as every release does, while requests and messages come in.</summary>
[Collection("Faults")]
public sealed class ShutdownTests(ITestOutputHelper output)
{
    // Many times as long as the load balancer needs to notice, as the machine may have other work to do.
    private static readonly TimeSpan DrainDelay = TimeSpan.FromSeconds(15);

    private const int Enough = 100;

    [SkippableFact]
    public async Task A_replica_that_is_asked_to_end_fails_no_request()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var run = await FaultRun.StartAsync(apis: 1, workers: 0, hasStandby: false);
        run.Backend.Set("Shutdown__DrainDelay", DrainDelay.ToString());
        await run.Backend.StartApiAsync(replica: 1);
        var leaving = run.Backend.AddressOf(1);
        var product = await run.Backend.GetProductIdAsync();
        await using var load = new BalancedLoad([run.Backend.AddressOf(0), leaving], product);
        await load.AnswerAsync(Enough);

        var clock = Stopwatch.StartNew();
        var ending = run.Backend.StopApiAsync(1);
        await load.NoticeAsync(leaving, isReady: false);

        // Who has not noticed yet is served, and told to go elsewhere.
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        using var late = await client.GetAsync(new Uri(leaving, "v1/products"));
        var exitCode = await ending;
        var took = clock.Elapsed;
        await load.AnswerAsync(Enough);
        Assert.False(load.IsReady(leaving));
        // Its successor, at the same address.
        await run.Backend.StartApiAsync(replica: 1);
        await load.NoticeAsync(leaving, isReady: true);
        await load.AnswerAsync(Enough);
        await load.StopAsync();

        output.WriteLine($"{load.Answered} answered; ended after {took.TotalSeconds:0.0} s; /health: {load.Words[leaving]}");
        Assert.Empty(load.Failures);
        Assert.Equal(0, exitCode);
        Assert.True(took >= DrainDelay, $"It ended after {took}.");
        Assert.Matches("^200 .*, 503 Stopping, (503 Starting, )*200 ", load.Words[leaving]);
        Assert.Equal((HttpStatusCode.OK, true), (late.StatusCode, late.Headers.ConnectionClose));
    }

    [SkippableFact]
    public async Task A_worker_that_is_asked_to_end_loses_nothing_and_does_nothing_twice()
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

        output.WriteLine(report.Row("Worker asked to end twice"));
        report.AssertNothingLostAndNothingTwice();
        // What it had begun, it finished: nothing outside was asked a second time.
        Assert.Equal((0, 0), (report.RepeatedCharges, report.RepeatedMails));
        Assert.All(exitCodes, code => Assert.Equal(0, code));
    }
}
