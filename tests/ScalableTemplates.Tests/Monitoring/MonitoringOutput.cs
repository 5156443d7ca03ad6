using System.Text.Json.Nodes;
using ScalableTemplates.Tests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>The folder deploy/monitoring of a generated solution.</summary>
internal sealed class MonitoringOutput
{
    private static readonly Lazy<Task<MonitoringOutput>> ClusterOutput = new(() => CreateAsync(TemplateOptions.Cluster));

    private static readonly Lazy<Task<MonitoringOutput>> SingleOutput = new(() => CreateAsync(TemplateOptions.Single.With(Dimension.Monitoring, "grafana")));

    private MonitoringOutput(string solution) => Solution = solution;

    /// <summary>All pieces.</summary>
    public static Task<MonitoringOutput> ClusterAsync => ClusterOutput.Value;

    /// <summary>As few pieces as possible.</summary>
    public static Task<MonitoringOutput> SingleAsync => SingleOutput.Value;

    public string Solution { get; }

    public string Folder => Path.Combine(Solution, "deploy", "monitoring");

    public IEnumerable<Rule> Rules => Files("rules", "*.yaml").SelectMany(file =>
        from YamlMappingNode rulesGroup in Sequence(ReadYaml(file), "groups")
        from YamlMappingNode rule in Sequence(rulesGroup, "rules")
        select new Rule(
            Text(rule, "alert"),
            Text(rule, "record"),
            Text(rule, "expr")!,
            Texts(rule, "labels"),
            Texts(rule, "annotations")));

    public IEnumerable<(string File, JsonNode Json)> Dashboards =>
        Files("dashboards", "*.json").Select(file => (Path.GetFileName(file), JsonNode.Parse(File.ReadAllText(file))!));

    /// <summary>The queries of all panels, with the dashboard and the title of the panel.</summary>
    public IEnumerable<(string Panel, string Expression)> Queries =>
        from dashboard in Dashboards
        from panel in dashboard.Json["panels"]!.AsArray()
        from target in panel!["targets"]?.AsArray() ?? []
        select ($"{dashboard.File}: {panel["title"]}", (string)target!["expr"]!);

    public string[] Files(string folder, string pattern) =>
        [.. Directory.GetFiles(Path.Combine(Folder, folder), pattern).Order(StringComparer.Ordinal)];

    public static YamlMappingNode ReadYaml(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(file)));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    public static IEnumerable<YamlNode> Sequence(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) ? (YamlSequenceNode)value : [];

    public static string? Text(YamlMappingNode node, string key) => node.Children.TryGetValue(key, out var value) ? ((YamlScalarNode)value).Value : null;

    private static Dictionary<string, string> Texts(YamlMappingNode node, string key) => node.Children.TryGetValue(key, out var value)
        ? ((YamlMappingNode)value).Children.ToDictionary(child => child.Key.ToString(), child => child.Value.ToString())
        : [];

    private static async Task<MonitoringOutput> CreateAsync(TemplateOptions options) => new(await Scaffold.CreateAsync(options));
}

/// <summary>An alert or a recording rule.</summary>
internal sealed record Rule(
    string? Alert, string? Record, string Expression, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations);
