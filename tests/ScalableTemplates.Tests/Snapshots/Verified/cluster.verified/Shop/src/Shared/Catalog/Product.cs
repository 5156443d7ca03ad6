using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Shop.Shared.Catalog;

public sealed class Product
{
    /// <summary>A UUIDv7, so products sort by creation time.</summary>
    public required Guid Id { get; init; }

    public required string Name { get; set; }

    public required decimal Price { get; set; }

    /// <summary>The concurrency token, which changes with each update.</summary>
    public uint Version { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Product>
    {
        public void Configure(EntityTypeBuilder<Product> builder)
        {
            builder.Property(product => product.Id).ValueGeneratedNever();
            builder.Property(product => product.Name).HasMaxLength(200);
            builder.Property(product => product.Price).HasPrecision(18, 2);
            // Maintained by PostgreSQL: the ID of the transaction that last wrote the row.
            builder.Property(product => product.Version).HasColumnName("xmin").HasColumnType("xid").IsRowVersion();
        }
    }
}
