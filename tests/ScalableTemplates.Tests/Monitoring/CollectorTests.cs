using System.Text.RegularExpressions;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>The Collector and how it is deployed.</summary>
public sealed partial class CollectorTests
{
    private static readonly string[] Kinds = ["extensions", "receivers", "processors", "exporters"];

    // Some of those in the image, which is the distribution otelcol.
    private static readonly HashSet<string> Components =
        ["extensions/health_check", "receivers/otlp", "processors/memory_limiter", "exporters/prometheus", "exporters/nop"];

    [Fact]
    public async Task Pipelines_use_exactly_the_configured_components()
    {
        var collector = MonitoringOutput.ReadYaml(Path.Combine((await MonitoringOutput.SingleAsync).Folder, "collector.yaml"));
        var configured = Kinds
            .SelectMany(kind => ((YamlMappingNode)collector[kind]).Children.Keys.Select(name => $"{kind}/{name}"))
            .ToHashSet();
        var service = (YamlMappingNode)collector["service"];
        var pipelines = ((YamlMappingNode)service["pipelines"]).Children.Values.Cast<YamlMappingNode>().ToList();
        var used = pipelines.Append(service)
            .SelectMany(part => part.Children.Where(child => child.Value is YamlSequenceNode).SelectMany(child => ((YamlSequenceNode)child.Value).Select(name => $"{child.Key}/{name}")))
            .ToHashSet();

        Assert.Equal(configured.Order(), used.Order());
        Assert.Subset(Components, configured);
        // The limiter refuses data only if nothing before it has accepted them.
        Assert.All(pipelines, pipeline => Assert.Equal("memory_limiter", ((YamlSequenceNode)pipeline["processors"])[0].ToString()));
    }

    [Fact]
    public async Task Images_have_exact_versions_which_are_the_same_everywhere()
    {
        var images = FileTree.Read((await MonitoringOutput.ClusterAsync).Folder).Files.Values
            .SelectMany(text => Image().Matches(text))
            .ToLookup(match => match.Groups["name"].Value, match => match.Groups["version"].Value);

        Assert.Equal(["grafana/grafana", "otel/opentelemetry-collector", "prom/alertmanager", "prom/prometheus"], images.Select(image => image.Key).Order());
        Assert.All(images, image => Assert.Matches(@"^v?\d+\.\d+\.\d+$", Assert.Single(image.Distinct())));
    }

    [Fact]
    public async Task Rules_for_Kubernetes_are_those_of_the_files()
    {
        var output = await MonitoringOutput.ClusterAsync;
        var before = FileTree.Read(output.Folder).Files;

        (await Command.RunAsync("sh", ["kubernetes/update-rules.sh"], output.Folder, TimeSpan.FromMinutes(1))).EnsureSuccess();

        Assert.Equal(before, FileTree.Read(output.Folder).Files);
    }

    [SkippableTheory]
    [InlineData("cluster")]
    [InlineData("single")]
    public async Task Kustomize_includes_every_file(string stage)
    {
        Skip.If(Programs.FindFolder("kubectl") is null, "Not installed: kubectl");
        var output = stage == "cluster"
            ? (await MonitoringOutput.ClusterAsync).Solution
            : await Scaffold.CreateAsync(TemplateOptions.Single.With(Dimension.Monitoring, "grafana").With(Dimension.Deploy, "kubernetes"));
        var folder = Path.Combine(output, "deploy", "monitoring");
        var built = (await Command.RunAsync("kubectl", ["kustomize", folder], output, TimeSpan.FromMinutes(1))).EnsureSuccess().Output;

        Findings.AssertNone(
            from file in Directory.GetFiles(Path.Combine(folder, "rules")).Concat(Directory.GetFiles(Path.Combine(folder, "dashboards")))
            let name = Path.GetFileNameWithoutExtension(file)
            where !built.Contains(file.EndsWith(".json", StringComparison.Ordinal) ? $"  {name}.json: |" : $"\n  name: shop-{name}\n", StringComparison.Ordinal)
            select $"{Path.GetFileName(file)} is missing");
        Assert.Contains("grafana_dashboard: \"1\"", built, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"image: (?<name>[^:\s]+):(?<version>\S+)")]
    private static partial Regex Image();
}
