using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Core.Data;

/// <summary>One SQLite file in write-ahead mode, for one process. Down means the disk is: nothing works without it.</summary>
public static class Database
{
    public static void AddDatabase(this IHostApplicationBuilder builder)
    {
        var connectionString = builder.GetRequiredConnectionString(ResourceNames.Database);
        builder.Services.AddDbContextPool<AppDbContext>(options => Configure(options, connectionString));
        builder.Services.AddHealthChecks().AddDbContextCheck<AppDbContext>("database");
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
        Database.Configure(options, "Data Source=design-time.db");
        return new AppDbContext(options.Options);
    }
}
