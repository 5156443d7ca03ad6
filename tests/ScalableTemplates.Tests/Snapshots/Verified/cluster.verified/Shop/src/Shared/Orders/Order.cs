using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Shop.Shared.Orders;

public sealed class Order
{
    public const int MaxReasonLength = 500;

    /// <summary>A UUIDv7, so orders sort by creation time.</summary>
    public required Guid Id { get; init; }

    public required string CustomerId { get; init; }

    public required string Email { get; init; }

    public required string PaymentMethod { get; init; }

    public required decimal Total { get; init; }

    public OrderStatus Status { get; set; }

    public string? Reason { get; set; }

    public List<OrderLine> Lines { get; init; } = [];

    internal sealed class Configuration : IEntityTypeConfiguration<Order>
    {
        public void Configure(EntityTypeBuilder<Order> builder)
        {
            builder.Property(order => order.Id).ValueGeneratedNever();
            builder.Property(order => order.CustomerId).HasMaxLength(255);
            builder.Property(order => order.Email).HasMaxLength(254);
            builder.Property(order => order.PaymentMethod).HasMaxLength(50);
            builder.Property(order => order.Total).HasPrecision(18, 2);
            builder.Property(order => order.Status).HasConversion<string>().HasMaxLength(20);
            builder.Property(order => order.Reason).HasMaxLength(MaxReasonLength);
            builder.HasIndex(order => new { order.CustomerId, order.Id });
            // Always written and read together with the order, so stored as JSON in its row.
            builder.ComplexCollection(order => order.Lines, lines => lines.ToJson());
        }
    }
}

/// <param name="UnitPrice">The price of the product when the order was placed.</param>
public sealed record OrderLine(Guid ProductId, int Quantity, decimal UnitPrice);

public enum OrderStatus { Pending, Paid, Confirmed, Rejected }
