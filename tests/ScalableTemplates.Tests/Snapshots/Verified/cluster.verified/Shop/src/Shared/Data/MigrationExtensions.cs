using Shop.Shared.Catalog;
using Microsoft.EntityFrameworkCore;

namespace Shop.Shared.Data;

public static class MigrationExtensions
{
    /// <summary>Applies pending migrations; in Development, also adds sample data to an empty catalog.</summary>
    public static async Task MigrateAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        await ActivatorUtilities.CreateInstance<MigrationRunner>(scope.ServiceProvider).ApplyAsync(cancellationToken);
        var retention = services.GetRequiredService<IConfiguration>().GetValue<TimeSpan?>("Orders:Retention");
        await scope.ServiceProvider.GetRequiredService<AppDbContext>().Database.ExecuteSqlAsync(
            $"UPDATE partition_policies SET retention = {retention} WHERE table_name = 'orders'", cancellationToken);

        if (services.GetRequiredService<IHostEnvironment>().IsDevelopment())
        {
            await CatalogSeed.AddAsync(scope.ServiceProvider.GetRequiredService<AppDbContext>(), cancellationToken);
        }
    }
}
