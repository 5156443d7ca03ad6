using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Bench.Shared.Messaging;

namespace Bench.Shared.Orders;

public sealed record OrderPlaced(Guid OrderId) : IMessage
{
    public static string MessageType => "orders.placed";
}

public sealed class Order
{
    public required Guid Id { get; init; }

    public required string Customer { get; init; }

    public required decimal Total { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Order>
    {
        public void Configure(EntityTypeBuilder<Order> builder)
        {
            builder.ToTable("orders");
            builder.Property(order => order.Id).ValueGeneratedNever();
            builder.Property(order => order.Total).HasPrecision(18, 2);
        }
    }
}

/// <summary>What the handler leaves behind; its key refuses a second one.</summary>
public sealed class OrderEffect
{
    public required Guid OrderId { get; init; }

    public required DateTimeOffset HandledAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<OrderEffect>
    {
        public void Configure(EntityTypeBuilder<OrderEffect> builder)
        {
            builder.ToTable("order_effects");
            builder.HasKey(effect => effect.OrderId);
            builder.Property(effect => effect.OrderId).ValueGeneratedNever();
        }
    }
}
