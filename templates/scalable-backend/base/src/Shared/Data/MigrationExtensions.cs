#if (HasSample)
using ScalableBackend.Shared.Catalog;
#endif
#if (HasSqlite || HasPartitioning)
using Microsoft.EntityFrameworkCore;
#endif
#if (HasSample || HasSqlite)

#endif
namespace ScalableBackend.Shared.Data;

public static class MigrationExtensions
{
#if (HasSample)
    /// <summary>Applies pending migrations; in Development, also adds sample data to an empty catalog.</summary>
#else
    /// <summary>Applies pending migrations.</summary>
#endif
    public static async Task MigrateAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
#if (HasPostgres)
        await ActivatorUtilities.CreateInstance<MigrationRunner>(scope.ServiceProvider).ApplyAsync(cancellationToken);
#if (HasPartitioning)
        var retention = services.GetRequiredService<IConfiguration>().GetValue<TimeSpan?>("Orders:Retention");
        await scope.ServiceProvider.GetRequiredService<AppDbContext>().Database.ExecuteSqlAsync(
            $"UPDATE partition_policies SET retention = {retention} WHERE table_name = 'orders'", cancellationToken);
#endif
#else
        await scope.ServiceProvider.GetRequiredService<AppDbContext>().Database.MigrateAsync(cancellationToken);
#endif
#if (HasSample)

        if (services.GetRequiredService<IHostEnvironment>().IsDevelopment())
        {
            await CatalogSeed.AddAsync(scope.ServiceProvider.GetRequiredService<AppDbContext>(), cancellationToken);
        }
#endif
    }
}
