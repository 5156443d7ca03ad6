using System.Text.RegularExpressions;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;
using ScalableTemplates.Tests.Scaffolding;

namespace ScalableTemplates.Tests.Workflows;

/// <summary>The checks in the workflow of an output succeed on a new solution, and fail on what they are for.</summary>
[Collection(nameof(NestedSolution))]
public sealed partial class WorkflowCommandTests(NestedSolution nested)
{
    [Fact]
    public async Task An_OpenAPI_document_that_was_not_committed_is_rejected()
    {
        var check = Find("build", "docs/openapi.json");
        (await RunAsync(check)).EnsureSuccess();

        await File.AppendAllTextAsync(Path.Combine(nested.Folder, "docs", "openapi.json"), " ");
        Assert.NotEqual(0, (await RunAsync(check)).ExitCode);
        await nested.UndoAsync();
    }

    [Fact]
    public async Task A_change_of_the_model_without_a_migration_is_rejected()
    {
        var check = Find("build", "has-pending-model-changes");
        (await RunAsync("dotnet tool restore")).EnsureSuccess();
        (await RunAsync(check)).EnsureSuccess();

        var entity = Path.Combine(nested.Folder, "src", "Shared", "Catalog", "Product.cs");
        await File.WriteAllTextAsync(entity, Property().Replace(await File.ReadAllTextAsync(entity), "public int Weight { get; set; }\n\n    $0", 1));
        var rejected = await RunAsync(check.Replace("--no-build", "", StringComparison.Ordinal));
        Assert.True(rejected.ExitCode != 0 && rejected.Everything.Contains("Changes have been made to the model", StringComparison.Ordinal), rejected.Everything);
        await nested.UndoAsync();
        (await nested.DotnetAsync("build", "src/Shared", "--no-restore")).EnsureSuccess();
    }

    [Fact]
    public async Task A_vulnerable_package_is_rejected()
    {
        var check = Find("dependencies", "restore");
        await using var feed = new StaticWebServer();
        feed.Add("/index.json", "application/json", $$"""
            {"version":"3.0.0","resources":[{"@id":"{{feed.Address}}/vulnerabilities.json","@type":"VulnerabilityInfo/6.7.0"}]}
            """);
        feed.Add("/vulnerabilities.json", "application/json", $$"""
            [{"@name":"base","@id":"{{feed.Address}}/base.json","@updated":"2026-01-01T00:00:00Z"}]
            """);
        feed.Add("/base.json", "application/json", """
            {"mimekit":[{"url":"https://example.com/advisory","severity":2,"versions":"[0.0.0,)"}]}
            """);
        await File.WriteAllTextAsync(Path.Combine(nested.Folder, "nuget.config"), $"""
            <configuration>
              <auditSources>
                <add key="advisories" value="{feed.Address}/index.json" allowInsecureConnections="true" />
              </auditSources>
            </configuration>
            """);

        var restored = (await RunAsync("dotnet restore --force")).EnsureSuccess();
        var rejected = await RunAsync(check + " --force");

        Assert.Contains("warning NU1903", restored.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, rejected.ExitCode);
        Assert.Contains("error NU1903", rejected.Output, StringComparison.Ordinal);
        await nested.UndoAsync();
        (await RunAsync("dotnet restore --force")).EnsureSuccess();
    }

    [SkippableFact]
    public async Task A_package_with_another_license_is_rejected()
    {
        Skip.If(Programs.FindFolder("jq") is null, "Not installed: jq.");
        (await RunAsync("dotnet tool restore")).EnsureSuccess();
        (await RunAsync(Find("image", "CycloneDX"))).EnsureSuccess();
        var check = Find("image", "allowed-licenses");
        Assert.Equal("", (await RunAsync(check)).EnsureSuccess().Output);

        var allowed = Path.Combine(nested.Folder, ".github", "allowed-licenses.txt");
        await File.WriteAllTextAsync(allowed, (await File.ReadAllTextAsync(allowed)).Replace("Apache-2.0\n", "", StringComparison.Ordinal));
        var rejected = await RunAsync(check);
        Assert.NotEqual(0, rejected.ExitCode);
        Assert.Matches(@"OpenTelemetry [\d.]+: Apache-2\.0", rejected.Output);
        await nested.UndoAsync();
    }

    private string Find(string job, string text) =>
        Workflow.Parse(File.ReadAllText(Path.Combine(nested.Folder, ".github", "workflows", "ci.yml")))[job].Command(text);

    // The options of the runner for 'shell: bash'.
    private Task<CommandResult> RunAsync(string script) => Command.RunAsync(
        "bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], nested.Folder, TimeSpan.FromMinutes(30), new Dictionary<string, string> { ["SERVICE"] = "Api", ["UseSharedCompilation"] = "true" });

    [GeneratedRegex(@"public required \w+ Id ")]
    private static partial Regex Property();
}
