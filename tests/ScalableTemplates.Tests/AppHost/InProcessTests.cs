using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The AppHost of the single stage: one process, which is its own payment provider.</summary>
[Collection("AppHost")]
public sealed class InProcessTests(AppHostFixture fixture)
{
    [SkippableFact]
    public async Task Solution_is_healthy_over_HTTPS_with_an_untrusted_development_certificate()
    {
        Skip.If(fixture.Engine.Missing is not null, fixture.Engine.Missing);
        await using var run = await fixture.CreateRunAsync(TemplateOptions.Single.With(Dimension.Orchestrator, "aspire"));
        run.Environment["HOME"] = AppHostFixture.CreateHome();
        (await Command.RunAsync("dotnet", ["dev-certs", "https"], run.Solution, TimeSpan.FromMinutes(1), run.Environment)).EnsureSuccess();

        await run.StartAsync("dotnet", "run", "--no-build", "--project", "src/AppHost", "--launch-profile", "https");

        await run.WaitUntilAsync(async () => (await run.DescribeAsync("api")).GetProperty("healthStatus").GetString() == "Healthy");
        await run.WaitForStatusAsync(await run.PlaceOrderAsync(), "Confirmed");
    }
}
