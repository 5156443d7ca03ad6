using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>What dashboards and rules query is what the running system emits.</summary>
[Collection("End to end")]
public sealed class EmittedMetricsTests(MonitoredShop shop) : IClassFixture<MonitoredShop>
{
    [SkippableFact]
    public async Task Every_metric_in_dashboards_and_rules_is_emitted_with_its_labels()
    {
        var expressions = await GetExpressionsAsync();
        var selectors = expressions.SelectMany(PromQuery.Selectors).Where(selector => !IsOfGateway(selector)).Distinct();

        Findings.AssertNone(await shop.Prometheus.WaitForResultsAsync(selectors.Select(selector => $"last_over_time({selector}[10m])")));
        var labels = await shop.Prometheus.GetLabelsAsync();
        Findings.AssertNone(expressions.Where(expression => !IsOfGateway(expression)).SelectMany(PromQuery.GroupingLabels).Where(label => !labels.Contains(label)));
    }

    [SkippableFact]
    public async Task Every_panel_and_every_recording_rule_has_data()
    {
        var output = await GetOutputAsync();
        var panels = output.Queries.Select(query => query.Expression);
        var records = output.Rules.Select(rule => rule.Record).OfType<string>();

        Findings.AssertNone(await shop.Prometheus.WaitForResultsAsync(panels.Concat(records).Select(Adapt).Where(query => !IsOfGateway(query))));
    }

    [SkippableFact]
    public async Task Probes_are_not_counted_as_requests()
    {
        await GetOutputAsync();

        var routes = shop.Samples
            .Where(sample => sample.Name == "http_server_request_duration_seconds_count" && sample.Labels["http_response_status_code"] == "200")
            .Select(sample => sample.Labels.GetValueOrDefault("http_route"))
            .Distinct();
        Assert.Contains("/v1/orders/{id}", routes.Select(route => route?.Replace(":guid", "", StringComparison.Ordinal)));
        Assert.DoesNotContain(null, routes);
    }

    // The gateway does not run here; see GatewayMetricsTests.
    private static bool IsOfGateway(string expression) => expression.Contains("gateway_", StringComparison.Ordinal);

    private static async Task<MonitoringOutput> GetOutputAsync()
    {
        Skip.If(MonitoredShop.Missing is not null, MonitoredShop.Missing);
        return await MonitoringOutput.ClusterAsync;
    }

    private static async Task<List<string>> GetExpressionsAsync()
    {
        var output = await GetOutputAsync();
        return [.. output.Queries.Select(query => query.Expression).Concat(output.Rules.Select(rule => rule.Expression)).Select(Adapt)];
    }

    // For its other metrics, the gateway is like any ASP.NET Core service. The API fails with 503 only.
    private static string Adapt(string expression) => PromQuery.WithoutVariables(expression)
        .Replace("\"Shop.Gateway\"", "\"Shop.Api\"", StringComparison.Ordinal)
        .Replace("\"502|504\"", "\"503\"", StringComparison.Ordinal);
}
