namespace ScalableBackend.ServiceDefaults;

public static class ServiceDefaultsExtensions
{
    /// <summary>What every process of this solution has: telemetry, health checks, resilient HTTP clients, a bounded shutdown.</summary>
    public static void AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        builder.ReportStartFailures();
#if (HasPasswords)
        builder.AddComposeServers();
#endif
        builder.AddTelemetry();
        builder.AddHealth();
        builder.AddResilientHttp();
    }
}
