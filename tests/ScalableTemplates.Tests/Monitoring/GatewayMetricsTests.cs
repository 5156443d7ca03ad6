using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Without a running gateway: reads the instruments of its own meter from its code.</summary>
public sealed partial class GatewayMetricsTests
{
    [Fact]
    public async Task Metrics_of_the_gateway_are_those_of_its_meter()
    {
        var output = await MonitoringOutput.ClusterAsync;
        var code = await File.ReadAllTextAsync(Path.Combine(output.Solution, "src", "Gateway", "GatewayTelemetry.cs"));
        var emitted = Instrument().Matches(code).Select(instrument => PrometheusNames.OfMetric(
            instrument.Groups["name"].Value, instrument.Groups["unit"].Value, instrument.Groups["kind"].Value == "Counter" ? MetricKind.Counter : MetricKind.Gauge));
        var queried = output.Queries.Select(query => query.Expression).Concat(output.Rules.Select(rule => rule.Expression))
            .SelectMany(PromQuery.Selectors)
            .Select(selector => selector.Split('{')[0])
            .Where(name => name.StartsWith("gateway_", StringComparison.Ordinal))
            .ToHashSet();

        Assert.NotEmpty(queried);
        Assert.Subset(emitted.ToHashSet(), queried);
    }

    [GeneratedRegex(@"Create(Observable)?(?<kind>Counter|Gauge)(<\w+>)?\(\s*""(?<name>[\w.]+)"",[^""]*""(?<unit>[^""]*)""")]
    private static partial Regex Instrument();
}
