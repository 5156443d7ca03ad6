using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Catalog;

internal static class CatalogSeed
{
    private static readonly (string Name, decimal Price)[] Products =
    [
        ("Kettle", 39.90m),
        ("Toaster", 29.50m),
        ("Coffee grinder", 59.00m),
        ("Water carafe", 18.20m),
    ];

    public static async Task AddAsync(AppDbContext db, CancellationToken cancellationToken)
    {
        if (await db.Products.AnyAsync(cancellationToken))
        {
            return;
        }

        db.AddRange(Products.Select(product => new Product { Id = Guid.CreateVersion7(), Name = product.Name, Price = product.Price }));
        await db.SaveChangesAsync(cancellationToken);
    }
}
