using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Data;

internal static class DatabaseMonitorExtensions
{
    /// <summary>Adds the health check and circuit breaker to a web application. Other processes only apply migrations, so they wait for the database instead.</summary>
    /// <param name="failureStatus">Reported during an outage, once the database has been available.</param>
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
            // The caller handles or logs these exceptions; logged here as well, they would multiply the errors per request during an outage.
            .ConfigureWarnings(warnings => warnings.Log(
                (RelationalEventId.ConnectionError, LogLevel.Debug),
                (RelationalEventId.CommandError, LogLevel.Debug),
                (RelationalEventId.TransactionError, LogLevel.Debug),
                (CoreEventId.QueryIterationFailed, LogLevel.Debug),
                (CoreEventId.SaveChangesFailed, LogLevel.Debug))));
    }
}
