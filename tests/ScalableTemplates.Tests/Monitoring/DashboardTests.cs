using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Dashboards work in any Grafana.</summary>
public sealed partial class DashboardTests
{
    [Fact]
    public async Task Ids_are_unique_and_no_dashboard_refers_to_one_installation()
    {
        var dashboards = (await MonitoringOutput.ClusterAsync).Dashboards.ToList();

        Assert.Equal(dashboards.Count, dashboards.Select(dashboard => (string?)dashboard.Json["uid"]).Distinct().Count());
        Findings.AssertNone(dashboards.SelectMany(dashboard => ProblemsIn(dashboard.Json).Select(problem => $"{dashboard.File}: {problem}")));
    }

    [Fact]
    public async Task Panels_do_not_overlap()
    {
        var dashboards = (await MonitoringOutput.ClusterAsync).Dashboards.ToList();

        Findings.AssertNone(
            from dashboard in dashboards
            from cell in Panels(dashboard.Json).SelectMany(CellsOf).GroupBy(cell => cell)
            where cell.Count() > 1 || cell.Key.X >= 24
            select $"{dashboard.File}: at {cell.Key}");
    }

    [SkippableFact]
    public async Task Every_panel_query_parses()
    {
        PromTool.SkipIfMissing();
        var output = await MonitoringOutput.ClusterAsync;
        // JSON is YAML.
        var file = Path.Combine(TempFolder.Create("queries"), "queries.yaml");
        var rules = output.Queries.Select((query, index) => new { record = $"query:{index}", expr = PromQuery.WithoutVariables(query.Expression) });
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { groups = new[] { new { name = "queries", rules } } }));

        (await PromTool.RunAsync(output.Folder, "check", "rules", file)).EnsureSuccess();
    }

    private static IEnumerable<string> ProblemsIn(JsonNode dashboard)
    {
        var defined = dashboard["templating"]!["list"]!.AsArray().Select(variable => (string)variable!["name"]!).Append("__rate_interval").Append("__all").ToHashSet();
        var text = dashboard.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var panels = Panels(dashboard).ToList();
        return Variable().Matches(text).Select(match => match.Groups["name"].Value).Where(name => !defined.Contains(name)).Select(name => $"${name} is not defined")
            .Concat(defined.Where(name => name is not ("__rate_interval" or "__all")).Where(name => !Variable().Matches(text).Any(match => match.Groups["name"].Value == name)).Select(name => $"${name} is not used"))
            .Concat(DataSource().Matches(text).Where(match => match.Groups["uid"].Value != "${datasource}").Select(match => $"data source {match.Groups["uid"].Value}"))
            .Concat(panels.Where(panel => panel["targets"] is not null && panel["datasource"] is null).Select(panel => $"{panel["title"]} has no data source"))
            .Concat(panels.GroupBy(panel => (int)panel["id"]!).Where(same => same.Count() > 1).Select(same => $"panel {same.Key} exists twice"))
            .Concat(dashboard["id"] is null && dashboard["version"] is null ? [] : ["it has the id or version of an installation"])
            .Concat(((string)dashboard["uid"]!).Length <= 40 ? [] : ["its uid has over 40 characters"]);
    }

    private static IEnumerable<JsonNode> Panels(JsonNode dashboard) => dashboard["panels"]!.AsArray().Select(panel => panel!);

    private static IEnumerable<(int X, int Y)> CellsOf(JsonNode panel)
    {
        var position = panel["gridPos"]!;
        return from x in Enumerable.Range((int)position["x"]!, (int)position["w"]!)
               from y in Enumerable.Range((int)position["y"]!, (int)position["h"]!)
               select (x, y);
    }

    [GeneratedRegex(@"\$\{?(?<name>\w+)\}?")]
    private static partial Regex Variable();

    [GeneratedRegex(@"""type"":""prometheus"",""uid"":""(?<uid>[^""]+)""")]
    private static partial Regex DataSource();
}
