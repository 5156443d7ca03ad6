using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ScalableBackend.Core.Catalog;

public sealed class Product
{
    /// <summary>A UUIDv7, so products sort by age.</summary>
    public required Guid Id { get; init; }

    public required string Name { get; set; }

    public required decimal Price { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Product>
    {
        public void Configure(EntityTypeBuilder<Product> builder)
        {
            builder.Property(product => product.Id).ValueGeneratedNever();
            builder.Property(product => product.Name).HasMaxLength(200);
            builder.Property(product => product.Price).HasPrecision(18, 2);
        }
    }
}
