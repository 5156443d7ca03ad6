using ScalableTemplates.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The default output started by the Aspire CLI on a machine that trusts the development certificate.</summary>
[Collection("AppHost")]
public sealed class AspireCliTests(AppHostFixture fixture, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Solution_runs_in_the_background_and_the_foreground_with_Redis_over_TLS()
    {
        Skip.If(fixture.Engine.Missing is not null, fixture.Engine.Missing);
        await using var run = await fixture.CreateRunAsync(TemplateOptions.Services);
        (await run.AspireAsync("certs", "trust")).EnsureSuccess();

        (await run.AspireAsync("start")).EnsureSuccess();
        (await run.AspireAsync("wait", "api")).EnsureSuccess();
        (await run.AspireAsync("wait", "worker")).EnsureSuccess();
        await run.RecordContainersAsync();
        Assert.Contains("ssl=true", (await run.DescribeAsync("api")).GetProperty("environment").GetProperty("ConnectionStrings__cache").GetString(), StringComparison.Ordinal);
        // If Redis were unreachable, health would be Degraded.
        Assert.True(await run.IsHealthyAsync());
        await run.PlaceOrderAsync();
        (await run.AspireAsync("stop")).EnsureSuccess();

        await run.StartAsync(await fixture.GetCliAsync(), "run", "--nologo", "--non-interactive");
        await run.WaitForStatusAsync(await run.PlaceOrderAsync(), "Confirmed");
        var (_, leftBehind) = await run.StopAsync();
        Findings.AssertNone(leftBehind);
        output.WriteLine($"AppHost: from 'aspire run' to a healthy API {run.StartTime.TotalSeconds:0} s with kept containers ({fixture.Engine.Images})");
    }
}
