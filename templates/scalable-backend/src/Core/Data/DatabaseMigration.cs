#if (HasSample)
using ScalableBackend.Core.Catalog;
#endif
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
#if (HasSample)
using Microsoft.Extensions.Hosting;
#endif

namespace ScalableBackend.Core.Data;

public static class DatabaseMigration
{
#if (HasSample)
    /// <summary>Brings the database to the newest migration; in Development also adds sample data to an empty catalog.</summary>
#else
    /// <summary>Brings the database to the newest migration.</summary>
#endif
    public static async Task MigrateAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        await db.Database.MigrateAsync(cancellationToken);
#if (HasSample)

        if (services.GetRequiredService<IHostEnvironment>().IsDevelopment())
        {
            await CatalogSeed.AddAsync(db, cancellationToken);
        }
#endif
    }
}
