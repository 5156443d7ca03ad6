using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Workflows;

/// <summary>The workflows of this repository and of outputs are valid, secure and refer to files that exist.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string[] Runners = ["ubuntu-24.04", "windows-2025", "macos-15", "${{ matrix.os }}"];

    // Every permission besides that to read the repository.
    private static readonly string[] Permissions =
    [
        "publish: packages: write",
        "comment: pull-requests: write",
        "comment: actions: read",
        "release: contents: write",
        "release: id-token: write",
        "release: attestations: write",
    ];

    [SkippableFact]
    public async Task Actionlint_has_no_findings()
    {
        Skip.If(Actionlint.Missing is not null, Actionlint.Missing);

        List<string> findings = [];
        foreach (var file in (await WorkflowFile.AllAsync()).DistinctBy(file => file.Workflow.Text))
        {
            findings.AddRange(from finding in await Actionlint.RunAsync(file.Workflow.Text) select $"{file.Place}{finding}");
        }

        Findings.AssertNone(findings);
        Assert.Contains("[expression]", Assert.Single(await Actionlint.RunAsync(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.no_such_property }}\n")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Actions_are_pinned_by_hash_with_their_version_and_everywhere_the_same()
    {
        var actions = from file in await WorkflowFile.AllAsync() from action in file.Workflow.Actions select (file.Place, action);

        Findings.AssertNone(actions.Where(use => !Pinned().IsMatch(use.action)).Select(use => $"{use.Place}: {use.action}"));
        Findings.AssertNone(actions.Select(use => use.action).Distinct().GroupBy(action => action.Split('@')[0]).Where(versions => versions.Count() > 1)
            .Select(versions => $"several versions: {string.Join(", ", versions)}"));
    }

    [Fact]
    public async Task Jobs_have_a_known_runner_a_timeout_and_only_the_permissions_that_they_need()
    {
        var files = await WorkflowFile.AllAsync();

        Findings.AssertNone(files.Where(file => !file.Workflow.DeniesAllByDefault || !file.Workflow.HasConcurrencyGroup || !file.Workflow.StopsAtFailedCommands).Select(file => file.Place));
        Findings.AssertNone(
            from file in files
            from job in file.Workflow.Jobs
            from finding in Faults(job)
            select $"{file.Place}, {job.Name}: {finding}");
    }

    [Fact]
    public async Task Checkouts_leave_no_credentials_and_scripts_interpolate_no_expressions() =>
        Findings.AssertNone(
            from file in await WorkflowFile.AllAsync()
            from job in file.Workflow.Jobs
            from step in job.Steps
            where (Text(step, "uses").StartsWith("actions/checkout@", StringComparison.Ordinal) && !step.ToString().Contains("persist-credentials, false", StringComparison.Ordinal))
                || Text(step, "run").Contains("${{", StringComparison.Ordinal)
            select $"{file.Place}, {job.Name}: {step}");

    [Fact]
    public async Task Scripts_parse()
    {
        var scripts = from file in await WorkflowFile.AllAsync() from job in file.Workflow.Jobs from script in job.Commands select script;
        foreach (var script in scripts.Distinct())
        {
            (await Command.RunAsync("bash", ["-n", "-c", script], Repo.Root, TimeSpan.FromMinutes(1))).EnsureSuccess();
        }
    }

    [Fact]
    public async Task Paths_in_the_workflow_of_an_output_exist() =>
        Findings.AssertNone(
            from file in await WorkflowFile.AllAsync()
            where file.IsOfOutput
            from path in RepositoryPath().Matches(file.Workflow.Text).Select(match => match.Value)
            where !file.Files.Keys.Any(other => other == path || other.StartsWith(path + '/', StringComparison.Ordinal)) && path != "docs/openapi.json"
            select $"{file.Place}: {path}");

    [Fact]
    public async Task Every_service_of_an_output_gets_an_image() =>
        Findings.AssertNone(
            from file in await WorkflowFile.AllAsync()
            where file.IsOfOutput
            let services = file.Files.Where(project => IsService(project.Key, project.Value)).Select(project => project.Key.Split('/')[1]).Order(StringComparer.Ordinal)
            let images = file.Workflow["image"].Matrix("service")
            where !services.SequenceEqual(images)
            select $"{file.Place}: images of {string.Join(", ", images)} instead of {string.Join(", ", services)}");

    private static IEnumerable<string> Faults(Job job)
    {
        if (!job.IsCall && !Runners.Contains(job.Runner))
        {
            yield return $"runs on {job.Runner}";
        }

        if (!job.IsCall && job.Timeout is null)
        {
            yield return "has no timeout";
        }

        foreach (var permission in job.Permissions?.Where(permission => permission != "contents: read" && !Permissions.Contains($"{job.Name}: {permission}")) ?? ["declares none"])
        {
            yield return $"permission {permission}";
        }
    }

    private static bool IsService(string path, string text) => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal)
        && !path.Contains("/AppHost/", StringComparison.Ordinal) && ExecutableSdk().IsMatch(text);

    private static string Text(YamlMappingNode step, string key) => step.Children.TryGetValue(key, out var value) ? value.ToString() : "";

    [GeneratedRegex(@"^[\w.-]+/[\w.-]+(/[\w./-]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"(?<![\w/:.])(src|tests|docs|deploy|\.github)/[\w./-]*\w|\b(global\.json|Directory\.[\w.]+)")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"Sdk=""Microsoft\.NET\.Sdk\.(Web|Worker)""|<OutputType>Exe<")]
    private static partial Regex ExecutableSdk();
}
