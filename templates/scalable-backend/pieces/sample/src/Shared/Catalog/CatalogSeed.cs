using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Catalog;

public static class CatalogSeed
{
    // Fixed ids, so that examples can refer to them. Their timestamps precede those of all other products.
    private static readonly (string Id, string Name, decimal Price)[] Products =
    [
        ("016f5e66-e800-7000-8000-000000000001", "Kettle", 39.90m),
        ("016f5e66-e800-7000-8000-000000000002", "Toaster", 29.50m),
        ("016f5e66-e800-7000-8000-000000000003", "Coffee grinder", 59.00m),
        ("016f5e66-e800-7000-8000-000000000004", "Water carafe", 18.20m),
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
