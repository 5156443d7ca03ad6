using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A service that lacks a setting does not limp along.</summary>
public sealed class MissingSettingTests
{
    [Theory]
    [InlineData("Api", "database")]
    [InlineData("Api", "cache")]
    [InlineData("Api", "broker")]
    [InlineData("Worker", "database")]
    [InlineData("Worker", "broker")]
    [InlineData("Migrator", "database")]
    public async Task A_service_without_a_connection_string_stops_and_says_how_to_set_it(string project, string missing)
    {
        var folder = Path.Combine(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), "src", project);
        var program = Path.Combine("bin", "Debug", "net10.0", $"Shop.{project}.dll");
        var others = new Dictionary<string, string>
        {
            ["ConnectionStrings__database"] = "Host=127.0.0.1;Port=1",
            ["ConnectionStrings__cache"] = "127.0.0.1:1",
            ["ConnectionStrings__broker"] = "amqp://127.0.0.1:1",
        };
        others.Remove($"ConnectionStrings__{missing}");

        var result = await Command.RunAsync("dotnet", [program], folder, Daemon.Patience, others);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"Connection string '{missing}' is missing. Set the environment variable ConnectionStrings__{missing}", result.Everything, StringComparison.Ordinal);
    }
}
