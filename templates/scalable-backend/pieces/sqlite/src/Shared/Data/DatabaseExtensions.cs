using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Shared.Data;

/// <summary>One SQLite file in write-ahead mode, for one process. Nothing works without it.</summary>
public static class DatabaseExtensions
{
    // How many seconds a statement waits while another connection writes; it blocks a thread meanwhile.
    private const string Defaults = "Default Timeout=5;";

    public static void AddDatabase(this IHostApplicationBuilder builder)
    {
        var connectionString = Defaults + builder.GetRequiredConnectionString(ResourceNames.Database);
        builder.Services.AddDbContextPool<AppDbContext>(options => Configure(options, connectionString));
        builder.AddDatabaseMonitor(connectionString, HealthStatus.Unhealthy);
        builder.Services.AddHostedService<MigrateAtStart>();
    }

    internal static void Configure(DbContextOptionsBuilder options, string connectionString) =>
        options.UseSqlite(connectionString).UseSnakeCaseNamingConvention();

    // There is only this process, so nobody else can be in the way of the migrations.
    private sealed class MigrateAtStart(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => services.MigrateAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>For 'dotnet ef migrations add', which needs the model but no database.</summary>
public sealed class DesignTimeDbContextFactory : IDesignTimeDbContextFactory<AppDbContext>
{
    public AppDbContext CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<AppDbContext>();
        DatabaseExtensions.Configure(options, "Data Source=design-time.db");
        return new AppDbContext(options.Options);
    }
}
