using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Shop.ServiceDefaults;

namespace Shop.Shared.Data;

/// <summary>A SQLite file in WAL mode, for a single process, which is unhealthy without it.</summary>
public static class DatabaseExtensions
{
    // How many seconds a statement waits while another connection writes. It blocks its thread meanwhile.
    private const string Defaults = "Default Timeout=5;";

    public static void AddDatabase(this IHostApplicationBuilder builder)
    {
        var connectionString = Defaults + builder.GetRequiredConnectionString(ResourceNames.Database);
        builder.Services.AddDbContextPool<AppDbContext>(options => Configure(options, connectionString));
        // Before the monitor: it would find no file and, after its tolerance, reject the migration that creates it.
        builder.Services.AddHostedService<StartupMigration>();
        builder.AddDatabaseMonitor(connectionString, HealthStatus.Unhealthy);
    }

    internal static void Configure(DbContextOptionsBuilder options, string connectionString) =>
        options.UseSqlite(connectionString).UseSnakeCaseNamingConvention();

    // Safe at start-up, because no other process uses the file.
    private sealed class StartupMigration(IServiceProvider services) : IHostedService
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
