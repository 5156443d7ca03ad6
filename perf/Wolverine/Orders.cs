using Microsoft.EntityFrameworkCore;
using Wolverine.EntityFrameworkCore;

namespace WolverineBench;

public sealed record PlaceOrder(Guid Id, string Customer, decimal Total);

public sealed record OrderPlaced(Guid OrderId);

public sealed class Order
{
    public required Guid Id { get; init; }

    public required string Customer { get; init; }

    public required decimal Total { get; init; }
}

public sealed class OrderEffect
{
    public required Guid OrderId { get; init; }

    public required DateTime HandledAt { get; init; }
}

public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : DbContext(options)
{
    public const string Tables = """
        CREATE TABLE orders (id uuid PRIMARY KEY, customer text NOT NULL, total numeric(18, 2) NOT NULL);
        CREATE TABLE order_effects (order_id uuid PRIMARY KEY, handled_at timestamptz NOT NULL);
        """;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Order>(order =>
        {
            order.ToTable("orders");
            order.Property(row => row.Id).HasColumnName("id").ValueGeneratedNever();
            order.Property(row => row.Customer).HasColumnName("customer");
            order.Property(row => row.Total).HasColumnName("total");
        });
        modelBuilder.Entity<OrderEffect>(effect =>
        {
            effect.ToTable("order_effects");
            effect.HasKey(row => row.OrderId);
            effect.Property(row => row.OrderId).HasColumnName("order_id").ValueGeneratedNever();
            effect.Property(row => row.HandledAt).HasColumnName("handled_at");
        });
    }
}

public static class OrderPlacedHandler
{
    public static void Handle(OrderPlaced message, OrdersDb db) =>
        db.Add(new OrderEffect { OrderId = message.OrderId, HandledAt = DateTime.UtcNow });
}

internal static class OrdersApi
{
    public static void MapOrders(this WebApplication app)
    {
        app.MapPost("/orders", (PlaceOrder order, IDbContextOutbox<OrdersDb> outbox, CancellationToken cancellationToken) =>
            PlaceAsync([order], outbox, cancellationToken));
        app.MapPost("/seed", (int count, IDbContextOutbox<OrdersDb> outbox, CancellationToken cancellationToken) =>
            PlaceAsync(Enumerable.Range(0, count).Select(_ => new PlaceOrder(Guid.CreateVersion7(), "ada", 12.5m)), outbox, cancellationToken));
    }

    private static async Task<IResult> PlaceAsync(
        IEnumerable<PlaceOrder> orders, IDbContextOutbox<OrdersDb> outbox, CancellationToken cancellationToken)
    {
        foreach (var order in orders)
        {
            outbox.DbContext.Add(new Order { Id = order.Id, Customer = order.Customer, Total = order.Total });
            await outbox.PublishAsync(new OrderPlaced(order.Id));
        }

        await outbox.SaveChangesAndFlushMessagesAsync(cancellationToken);
        return Results.Accepted();
    }
}
