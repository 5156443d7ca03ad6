using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Shared.Data;

/// <summary>PostgreSQL. Short outages are retried; in longer ones a circuit breaker fails requests at once.</summary>
public static class DatabaseExtensions
{
    public static void AddDatabase(this IHostApplicationBuilder builder)
    {
        var connectionString = ConnectionBudget.Apply(builder.GetRequiredConnectionString(ResourceNames.Database), builder.Configuration);
        builder.AddNpgsqlDbContext<AppDbContext>(
            ResourceNames.Database,
            settings =>
            {
                settings.ConnectionString = connectionString;
                settings.DisableHealthChecks = true;
                settings.DisableRetry = true;
            },
            options => options.UseNpgsql(DatabaseRetry.From(builder.Configuration).Apply).UseSnakeCaseNamingConvention());
        // Degraded, not Unhealthy: all replicas share it, and without it they still serve what is cached.
        builder.AddDatabaseMonitor(connectionString, HealthStatus.Degraded);
        builder.Services.AddHostedService<ConnectionBudget>();
    }
}

/// <summary>For 'dotnet ef migrations add', which needs the model but no database.</summary>
public sealed class DesignTimeDbContextFactory : IDesignTimeDbContextFactory<AppDbContext>
{
    public AppDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<AppDbContext>()
            .UseNpgsql("Host=design-time")
            .UseSnakeCaseNamingConvention()
            .Options);
}
