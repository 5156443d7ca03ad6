using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.Shared.Data;

internal static class DatabaseMonitorExtensions
{
    /// <summary>Adds the health check and the circuit breaker to a service; what applies migrations waits for the database and has neither.</summary>
    /// <param name="failureStatus">What a process is that has been ready before, while the database is down.</param>
    public static void AddDatabaseMonitor(this IHostApplicationBuilder builder, string connectionString, HealthStatus failureStatus)
    {
        if (builder is not WebApplicationBuilder)
        {
            return;
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => new DatabaseProbe(connectionString));
        builder.Services.AddSingleton<DatabaseMonitor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DatabaseMonitor>());
        builder.Services.AddHealthChecks().AddCheck<DatabaseMonitor>("database", failureStatus);
        builder.Services.AddSingleton<DatabaseCircuitBreaker>();
        builder.Services.ConfigureDbContext<AppDbContext>((services, options) => options
            .AddInterceptors(services.GetRequiredService<DatabaseCircuitBreaker>())
            // Each is an exception that the caller handles or logs: during an outage these would be more errors for each request.
            .ConfigureWarnings(warnings => warnings.Log(
                (RelationalEventId.ConnectionError, LogLevel.Debug),
                (RelationalEventId.CommandError, LogLevel.Debug),
                (RelationalEventId.TransactionError, LogLevel.Debug),
                (CoreEventId.QueryIterationFailed, LogLevel.Debug),
                (CoreEventId.SaveChangesFailed, LogLevel.Debug))));
    }
}
