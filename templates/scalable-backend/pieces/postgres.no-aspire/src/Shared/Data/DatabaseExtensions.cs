using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Shared.Data;

/// <summary>PostgreSQL. Retries cover short outages; during longer ones, a circuit breaker fails calls immediately.</summary>
public static class DatabaseExtensions
{
    public static void AddDatabase(this IHostApplicationBuilder builder)
    {
        var connectionString = ConnectionBudget.Apply(builder.GetRequiredConnectionString(ResourceNames.Database), builder.Configuration);
        builder.Services.AddDbContextPool<AppDbContext>(options => Configure(options, connectionString, DatabaseRetry.From(builder.Configuration)));
        // Degraded, not Unhealthy: all replicas share the database, and still serve cached data without it.
        builder.AddDatabaseMonitor(connectionString, HealthStatus.Degraded);
        builder.Services.AddHostedService<ConnectionBudget>();
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddNpgsql())
            .WithMetrics(metrics => metrics.AddMeter("Npgsql"));
    }

    internal static void Configure(DbContextOptionsBuilder options, string connectionString, DatabaseRetry retry) =>
        options.UseNpgsql(connectionString, retry.Apply).UseSnakeCaseNamingConvention().AddInterceptors(new ReadOnlyServerInterceptor());
}

/// <summary>For 'dotnet ef migrations add', which needs the model but no database.</summary>
public sealed class DesignTimeDbContextFactory : IDesignTimeDbContextFactory<AppDbContext>
{
    public AppDbContext CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<AppDbContext>();
        DatabaseExtensions.Configure(options, "Host=design-time", new DatabaseRetry());
        return new AppDbContext(options.Options);
    }
}
