using ApiBaseline;
using Microsoft.EntityFrameworkCore;

namespace ApiEfCore;

/// <summary>Maps the tables that the generated Migrator creates.</summary>
internal sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public DbSet<ProductRow> Products => Set<ProductRow>();

    public DbSet<OrderRow> Orders => Set<OrderRow>();

    public DbSet<IdempotencyKeyRow> IdempotencyKeys => Set<IdempotencyKeyRow>();

    public DbSet<OutboxRow> OutboxMessages => Set<OutboxRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ProductRow>().Property(row => row.Id).ValueGeneratedNever();
        modelBuilder.Entity<OrderRow>(order =>
        {
            order.Property(row => row.Id).ValueGeneratedNever();
            order.ComplexCollection(row => row.Lines, lines => lines.ToJson());
        });
        modelBuilder.Entity<IdempotencyKeyRow>().HasKey(row => new { row.CustomerId, row.Key });
        modelBuilder.Entity<OutboxRow>().Property(row => row.Id).ValueGeneratedNever();
    }
}

internal sealed class ProductRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required decimal Price { get; init; }
}

internal sealed class OrderRow
{
    public required Guid Id { get; init; }

    public required string CustomerId { get; init; }

    public required string Email { get; init; }

    public required string PaymentMethod { get; init; }

    public required decimal Total { get; init; }

    public required string Status { get; init; }

    public string? Reason { get; init; }

    public List<OrderLine> Lines { get; init; } = [];
}

internal sealed class IdempotencyKeyRow
{
    public required string CustomerId { get; init; }

    public required string Key { get; init; }

    public required byte[] Fingerprint { get; init; }

    public required int StatusCode { get; init; }

    public required string Location { get; init; }

    public required string ContentType { get; init; }

    public required byte[] Body { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class OutboxRow
{
    public required Guid Id { get; init; }

    public required string Type { get; init; }

    public required string Body { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public int Attempts { get; init; }
}
