using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Invalid requests to any operation of the OpenAPI document get a documented client error and have no side effect.</summary>
[Collection("Hardening")]
public sealed class FuzzTests(ServersFixture servers, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task No_request_causes_a_server_error_in_the_services_stage()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, await servers.GetConnectionStringsAsync());
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        await backend.StartWorkerAsync();

        await new FuzzRun(backend, output).RunAsync(requests: 6000);
    }

    [Fact]
    public async Task No_request_causes_a_server_error_in_the_single_stage()
    {
        var database = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}";
        await using var backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Single), new Dictionary<string, string> { ["database"] = database });
        await backend.StartApiAsync();

        await new FuzzRun(backend, output).RunAsync(requests: 3000);
    }
}
