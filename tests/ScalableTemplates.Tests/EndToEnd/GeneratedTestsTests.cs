using Npgsql;
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

    [SkippableFact]
    public async Task The_tests_of_a_solution_with_a_replica_pass_on_a_primary_and_its_standby()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var primary = new PostgresServer();
        await primary.StartAsync();
        await using var standby = await primary.StartStandbyAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["database"] = await primary.CreateDatabaseAsync();
        connectionStrings["replica"] = standby.ConnectionString(new NpgsqlConnectionStringBuilder(connectionStrings["database"]).Database!);
        var options = TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming");

        AssertAllPassed(await RunAsync(options, connectionStrings));
    }

    private static async Task<CommandResult> RunAsync(TemplateOptions options, Dictionary<string, string> connectionStrings)
    {
        var folder = await BuiltSolution.GetAsync(options);
        var environment = connectionStrings.ToDictionary(pair => $"ConnectionStrings__{pair.Key}", pair => pair.Value);
        return await Command.RunAsync("dotnet", ["test", "--no-build"], folder, TimeSpan.FromMinutes(30), environment);
    }

    private static void AssertAllPassed(CommandResult result)
    {
        result.EnsureSuccess();
        Assert.Contains("skipped: 0", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("succeeded: 0", result.Output, StringComparison.Ordinal);
    }
}
