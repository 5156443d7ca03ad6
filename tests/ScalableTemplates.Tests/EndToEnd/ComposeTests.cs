using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>compose.yaml and the services share one .env file, which is specific to each clone.</summary>
public sealed class ComposeTests
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "compose");

    [Fact]
    public async Task Services_read_the_password_from_the_env_file_in_development_only()
    {
        var folder = await BuiltSolution.GetAsync(Options);
        const string missing = "Connection string 'database' is missing.";

        Assert.Contains(missing, await RunWorkerAsync(folder, "Development"), StringComparison.Ordinal);
        await CreateEnvFileAsync(folder);

        // The error shows the address, as no server is running.
        Assert.Contains($"127.0.0.1:25{Scaffold.PortSuffix}", await RunWorkerAsync(folder, "Development"), StringComparison.Ordinal);
        Assert.Contains(missing, await RunWorkerAsync(folder, "Production"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_clone_has_a_separate_password_and_project_name()
    {
        var folder = await Scaffold.CreateAsync(Options);
        var first = await CreateEnvFileAsync(folder);
        var second = await CreateEnvFileAsync(folder);

        Assert.Equal(["SERVERS_PASSWORD", "COMPOSE_PROJECT_NAME"], first.Keys);
        Assert.Equal(first.Keys, second.Keys);
        Assert.Empty(first.Values.Intersect(second.Values));
        // Valid as a project name of Compose, and needs no escaping in URLs and connection strings.
        Assert.All(first.Values, value => Assert.Matches("^[a-z0-9-]{9,}$", value));
        var compose = await File.ReadAllTextAsync(Path.Combine(folder, "compose.yaml"));
        Assert.Equal(["SERVERS_PASSWORD"], Regex.Matches(compose, @"\$\{(\w+)").Select(match => match.Groups[1].Value).Distinct());
    }

    [Fact]
    public async Task Every_server_has_a_health_check()
    {
        var compose = FileTree.Read(await Scaffold.CreateAsync(Options.With(Dimension.Replica, "streaming"))).Files["compose.yaml"];

        Assert.Equal(5, Regex.Count(compose, "image:"));
        Assert.Equal(5, Regex.Count(compose, "healthcheck:"));
    }

    // As described in README.md.
    private static async Task<Dictionary<string, string>> CreateEnvFileAsync(string folder)
    {
        var commands = Regex.Matches(await File.ReadAllTextAsync(Path.Combine(folder, "README.md")), "^echo .*$", RegexOptions.Multiline).Select(match => match.Value);
        (await Command.RunAsync("bash", ["-c", string.Join('\n', commands)], folder, TimeSpan.FromMinutes(1))).EnsureSuccess();
        return (await File.ReadAllLinesAsync(Path.Combine(folder, ".env"))).Select(line => line.Split('=')).ToDictionary(line => line[0], line => line[1]);
    }

    private static async Task<string> RunWorkerAsync(string solution, string environment)
    {
        var folder = Path.Combine(solution, "src", "Worker");
        string[] command = [Path.Combine(folder, "bin", "Debug", "net10.0", "Shop.Worker.dll"), "dead-letters", "list"];
        var settings = new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = environment };
        var result = await Command.RunAsync("dotnet", command, folder, TimeSpan.FromMinutes(1), settings);
        Assert.NotEqual(0, result.ExitCode);
        return result.Everything;
    }
}
