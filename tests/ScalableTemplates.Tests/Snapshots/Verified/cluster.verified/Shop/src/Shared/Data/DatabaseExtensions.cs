using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Shop.ServiceDefaults;

namespace Shop.Shared.Data;

/// <summary>PostgreSQL. Retries cover short outages; during longer ones, a circuit breaker fails calls immediately.</summary>
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
            options => options.UseNpgsql(DatabaseRetry.From(builder.Configuration).Apply).UseSnakeCaseNamingConvention().AddInterceptors(new ReadOnlyServerInterceptor()));
        // Degraded, not Unhealthy: all replicas share the database, and still serve cached data without it.
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
