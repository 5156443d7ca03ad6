namespace ScalableTemplates.Tests.Monitoring;

/// <summary>The examples of the OpenTelemetry specification, and names that occur in the output.</summary>
public sealed class PrometheusNamesTests
{
    [Theory]
    [InlineData("http.server.request.duration", "s", "Histogram", "http_server_request_duration_seconds")]
    [InlineData("system.memory.usage", "By", "UpDownCounter", "system_memory_usage_bytes")]
    [InlineData("messaging.dead_letters", "{message}", "Counter", "messaging_dead_letters_total")]
    [InlineData("dotnet.gc.heap.total_allocated", "By", "Counter", "dotnet_gc_heap_allocated_bytes_total")]
    [InlineData("db.client.operation.npgsql.prepared_ratio", "1", "Gauge", "db_client_operation_npgsql_prepared_ratio")]
    [InlineData("system.cpu.utilization", "1", "Gauge", "system_cpu_utilization_ratio")]
    [InlineData("resilience.polly.pipeline.duration", "ms", "Histogram", "resilience_polly_pipeline_duration_milliseconds")]
    [InlineData("health_check.status", "", "Gauge", "health_check_status")]
    [InlineData("process.cpu.time", "s", "Counter", "process_cpu_time_seconds_total")]
    [InlineData("request.duration.seconds", "s", "Histogram", "request_duration_seconds")]
    public void Metrics_get_the_suffixes_of_their_unit_and_type(string name, string unit, string kind, string expected) =>
        Assert.Equal(expected, PrometheusNames.OfMetric(name, unit, Enum.Parse<MetricKind>(kind)));

    [Theory]
    [InlineData("http.response.status_code", "http_response_status_code")]
    [InlineData("messaging.rabbitmq.destination.routing_key", "messaging_rabbitmq_destination_routing_key")]
    [InlineData("pipeline-name", "pipeline_name")]
    public void Labels_have_underscores(string attribute, string expected) => Assert.Equal(expected, PrometheusNames.OfLabel(attribute));
}
