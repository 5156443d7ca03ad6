namespace Shop.ServiceDefaults;

public static class ServiceDefaultsExtensions
{
    /// <summary>Adds what every process of this solution has: telemetry, health checks, resilient HTTP clients and graceful shutdown.</summary>
    public static void AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        builder.ReportStartupFailures();
        builder.AddTelemetry();
        builder.AddHealth();
        builder.AddHttpResilience();
    }
}
