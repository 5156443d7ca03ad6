using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The tests that come with a solution pass.</summary>
[Collection("End to end")]
public sealed class GeneratedTestsTests(ServersFixture servers)
{
    [Fact]
    public async Task The_tests_of_the_single_stage_pass() =>
        AssertAllPassed(await RunAsync(TemplateOptions.Single, []));

    [SkippableFact]
    public async Task The_tests_of_the_services_stage_pass_on_servers_that_the_environment_names()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);

        AssertAllPassed(await RunAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"), await servers.GetConnectionStringsAsync()));
    }

    private static async Task<CommandResult> RunAsync(TemplateOptions options, Dictionary<string, string> connectionStrings)
    {
        var folder = await BuiltSolution.GetAsync(options);
        var environment = connectionStrings.ToDictionary(pair => $"ConnectionStrings__{pair.Key}", pair => pair.Value);
        return await Command.RunAsync("dotnet", ["test", "--no-build"], folder, TimeSpan.FromMinutes(5), environment);
    }

    private static void AssertAllPassed(CommandResult result)
    {
        result.EnsureSuccess();
        Assert.Contains("skipped: 0", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("succeeded: 0", result.Output, StringComparison.Ordinal);
    }
}
