using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Cli;

/// <summary>The notes and next steps that are printed after creation.</summary>
public sealed partial class NoteTests
{
    [Theory]
    [InlineData("the separate worker was omitted", "--database", "sqlite", "--worker", "separate")]
    [InlineData("the separate worker was omitted", "--stage", "single", "--worker", "separate")]
    [InlineData("the replica was omitted", "--stage", "single", "--replica", "streaming")]
    [InlineData("partitioning was omitted", "--stage", "single", "--partitioning", "monthly")]
    [InlineData("compose.yaml was omitted", "--stage", "single", "--orchestrator", "compose", "--no-sample")]
    public async Task Unsupported_piece_is_omitted_with_a_note(string note, params string[] arguments) =>
        Assert.Contains($"Note: {note}", await PrintedAsync(arguments), StringComparison.Ordinal);

    [Theory]
    [InlineData]
    [InlineData("--stage", "single")]
    [InlineData("--partitioning", "monthly")]
    [InlineData("--database", "sqlite")]
    [InlineData("--orchestrator", "compose", "--worker", "separate")]
    [InlineData("--stage", "single", "--orchestrator", "compose")]
    [InlineData("--replica", "streaming")]
    public async Task Supported_combination_has_no_note(params string[] arguments) =>
        Assert.DoesNotContain("Note:", await PrintedAsync(arguments), StringComparison.Ordinal);

    [Theory]
    [InlineData("In the new folder, with Docker or Podman running: dotnet run --project src/AppHost")]
    [InlineData("In the new folder: dotnet run --project src/AppHost", "--database", "sqlite", "--cache", "memory", "--broker", "database", "--no-sample")]
    [InlineData("dotnet run --project src/Api", "--stage", "single")]
    [InlineData("See README.md in the new folder for how to start the servers", "--orchestrator", "compose")]
    [InlineData("See README.md in the new folder for how to start the servers", "--orchestrator", "none")]
    public async Task Next_steps_match_the_output(string step, params string[] arguments) =>
        Assert.Contains(step, await PrintedAsync(arguments), StringComparison.Ordinal);

    // The template engine takes an arrow of Mermaid for the end of a comment.
    [Theory]
    [InlineData("services")]
    [InlineData("single")]
    [InlineData("cluster")]
    public async Task Template_engine_finds_no_unbalanced_comments(string stage) =>
        Assert.DoesNotContain("nesting depth", await PrintedAsync(["--stage", stage]), StringComparison.Ordinal);

    [Fact]
    public async Task Packages_are_restored_by_default()
    {
        var folder = Path.Combine(TempFolder.Create("output"), "Shop");
        var hive = await Hive.FromPackageAsync();

        var result = await hive.NewAsync(Repo.Root, "scalable-backend", "-n", "Shop", "-o", folder, "--stage", "single", "--no-update-check");

        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain("failed", result.Everything, StringComparison.OrdinalIgnoreCase);
        Assert.True(File.Exists(Path.Combine(folder, "src", "Api", "obj", "project.assets.json")));
    }

    [Fact]
    public async Task Ports_are_random_by_default()
    {
        var folder = Path.Combine(TempFolder.Create("output"), "Shop");
        (await Scaffold.RunAsync(await Hive.FromPackageAsync(), folder, "Shop", "--stage", "single")).EnsureSuccess();

        Assert.Matches(@"http://localhost:5[1-9]\d\d\b", FileTree.Read(folder).Files["src/Api/Properties/launchSettings.json"]);
    }

    private static async Task<string> PrintedAsync(string[] arguments)
    {
        var folder = Path.Combine(TempFolder.Create("output"), "Shop");
        var result = await Scaffold.RunAsync(await Hive.FromPackageAsync(), folder, "Shop", arguments);
        return Space().Replace(result.EnsureSuccess().Output, " ");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
