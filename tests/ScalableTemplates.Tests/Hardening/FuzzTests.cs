using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Whatever is sent to the operations of the OpenAPI document: the fault is the client's, it is told so, and nothing else happens.</summary>
[Collection("Hardening")]
public sealed class FuzzTests(ServersFixture servers, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task No_request_is_a_fault_of_the_services()
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
    public async Task No_request_is_a_fault_of_the_single_process()
    {
        var database = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}";
        await using var backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Single), new Dictionary<string, string> { ["database"] = database });
        await backend.StartApiAsync();

        await new FuzzRun(backend, output).RunAsync(requests: 3000);
    }
}
