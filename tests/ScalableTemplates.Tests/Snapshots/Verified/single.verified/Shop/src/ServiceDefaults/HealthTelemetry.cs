using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.ServiceDefaults;

internal static class HealthTelemetry
{
    public const string MeterName = "Shop.Health";

    private static readonly Gauge<int> Status = new Meter(MeterName).CreateGauge<int>(
        "health_check.status", description: "Last result of a health check, by name: 0 Unhealthy, 1 Degraded, 2 Healthy.");

    public static void RecordStatus(string check, HealthStatus status) =>
        Status.Record((int)status, new KeyValuePair<string, object?>("health_check.name", check));
}
