using ScalableTemplates.Tests.Infrastructure;
using ScalableTemplates.Tests.Linting;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Rules and alerts: they are valid, tested and have a section in the runbook.</summary>
public sealed class RuleTests
{
    private static readonly bool[] Outcomes = [true, false];

    private static readonly string[] Parts = ["**Meaning**", "**Impact**", "**Diagnosis**", "**Action**"];

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Configuration_and_rules_are_valid(bool isCluster)
    {
        PromTool.SkipIfMissing();
        var output = await OutputAsync(isCluster);

        // Checks the rules and targets that it refers to as well.
        (await PromTool.RunAsync(output.Folder, "check", "config", "prometheus.yaml")).EnsureSuccess();
    }

    [SkippableFact]
    public async Task Notifications_are_routed_by_severity()
    {
        Skip.IfNot(File.Exists("/usr/bin/amtool"), "Not installed: prometheus-alertmanager. On Debian: apt-get install prometheus-alertmanager");
        var folder = (await MonitoringOutput.SingleAsync).Folder;
        foreach (var (severity, receiver) in new[] { ("page", "on-call"), ("ticket", "tickets") })
        {
            (await Command.RunAsync(
                "/usr/bin/amtool", ["config", "routes", "test", "--config.file=alertmanager.yaml", $"--verify.receivers={receiver}", $"severity={severity}"], folder, TimeSpan.FromMinutes(1)))
                .EnsureSuccess();
        }
    }

    [SkippableFact]
    public async Task Tests_of_the_output_pass()
    {
        PromTool.SkipIfMissing();
        var output = await MonitoringOutput.ClusterAsync;

        (await PromTool.RunAsync(output.Folder, ["test", "rules", .. output.Files("tests", "*.yaml")])).EnsureSuccess();
    }

    [Fact]
    public async Task Every_alert_fires_in_one_test_and_is_silent_in_another()
    {
        var output = await MonitoringOutput.ClusterAsync;
        var checks = (
            from file in output.Files("tests", "*.yaml")
            from YamlMappingNode test in MonitoringOutput.Sequence(MonitoringOutput.ReadYaml(file), "tests")
            from YamlMappingNode check in MonitoringOutput.Sequence(test, "alert_rule_test")
            select (Alert: MonitoringOutput.Text(check, "alertname"), Fires: MonitoringOutput.Sequence(check, "exp_alerts").Any())).ToHashSet();

        Findings.AssertNone(
            from rule in output.Rules
            where rule.Alert is not null
            from fires in Outcomes
            where !checks.Contains((rule.Alert, fires))
            select $"{rule.Alert} {(fires ? "fires" : "is silent")} in no test");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_alert_has_a_severity_a_summary_and_its_section_of_the_runbook(bool isCluster)
    {
        var output = await OutputAsync(isCluster);
        var sections = Sections(output);
        var alerts = output.Rules.Where(rule => rule.Alert is not null).ToList();

        Assert.NotEmpty(alerts);
        Findings.AssertNone(alerts.SelectMany(alert => new[]
        {
            alert.Labels.GetValueOrDefault("severity") is "page" or "ticket" ? null : $"{alert.Alert} has no severity",
            string.IsNullOrEmpty(alert.Annotations.GetValueOrDefault("summary")) ? $"{alert.Alert} has no summary" : null,
            sections.Any(section => alert.Annotations.GetValueOrDefault("runbook") == $"docs/runbook.md#{section.Key}" && section.Value.Contains($"`{alert.Alert}`", StringComparison.Ordinal))
                ? null : $"{alert.Alert} is not in the section {alert.Annotations.GetValueOrDefault("runbook")}",
        }).OfType<string>());
        Findings.AssertNone(alerts.GroupBy(alert => alert.Alert).Where(same => same.Count() > 1).Select(same => $"{same.Key} exists twice"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_section_of_the_runbook_has_an_alert_and_says_what_to_do(bool isCluster)
    {
        var output = await OutputAsync(isCluster);
        var alerts = output.Rules.Select(rule => rule.Alert).OfType<string>().ToHashSet();

        Findings.AssertNone(
            from section in Sections(output)
            from problem in Parts
                .Where(part => !section.Value.Contains(part, StringComparison.Ordinal))
                .Select(part => $"{section.Key} lacks {part}")
                .Concat(AlertsIn(section.Value).DefaultIfEmpty("(none)").Where(alert => !alerts.Contains(alert)).Select(alert => $"{section.Key} names the alert {alert}"))
            select problem);
    }

    private static Task<MonitoringOutput> OutputAsync(bool isCluster) => isCluster ? MonitoringOutput.ClusterAsync : MonitoringOutput.SingleAsync;

    /// <summary>The sections by anchor. The line below the heading lists the alerts.</summary>
    private static Dictionary<string, string> Sections(MonitoringOutput output) => File.ReadAllText(Path.Combine(output.Solution, "docs", "runbook.md"))
        .Split("\n## ")[1..]
        .ToDictionary(section => MarkdownDocument.Parse("## " + section).Anchors.Single(), section => section);

    private static IEnumerable<string> AlertsIn(string section) => section.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1]
        .Split('`')
        .Where((_, index) => index % 2 == 1);
}
