using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;

namespace Shop.Shared.Catalog;

public static class CatalogSeed
{
    // Fixed ids, so that examples can refer to them. Their timestamps precede those of all other products.
    private static readonly (string Id, string Name, decimal Price)[] Products =
    [
        ("00000000-0000-0000-0000-000000000002", "Kettle", 39.90m),
        ("00000000-0000-0000-0000-000000000004", "Toaster", 29.50m),
        ("00000000-0000-0000-0000-000000000005", "Coffee grinder", 59.00m),
        ("00000000-0000-0000-0000-000000000006", "Water carafe", 18.20m),
    ];

    public static Guid FirstProductId { get; } = Guid.Parse(Products[0].Id);

    internal static async Task AddAsync(AppDbContext db, CancellationToken cancellationToken)
    {
        if (await db.Products.AnyAsync(cancellationToken))
        {
            return;
        }

        db.AddRange(Products.Select(product => new Product { Id = Guid.Parse(product.Id), Name = product.Name, Price = product.Price }));
        await db.SaveChangesAsync(cancellationToken);
    }
}
