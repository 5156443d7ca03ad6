using System.ComponentModel.DataAnnotations;
using ScalableBackend.Core.Orders;

namespace ScalableBackend.Api.Orders;

/// <param name="Email">Where the confirmation goes.</param>
/// <param name="PaymentMethod">A token of the payment provider.</param>
/// <param name="Lines">What is ordered; each product once.</param>
public sealed record PlaceOrder(
    [Required, RegularExpression(@"^[\w+'-]+(\.[\w+'-]+)*@[\w-]+(\.[\w-]+)*$"), StringLength(254)] string Email,
    [Required, StringLength(50)] string PaymentMethod,
    [Required, MinLength(1), MaxLength(100)] IReadOnlyList<PlaceOrderLine> Lines);

public readonly record struct PlaceOrderLine(Guid ProductId, [Range(1, 1000)] int Quantity);

public sealed record PlacedOrder(Guid Id, OrderStatus Status);

public sealed record OrderSummary(Guid Id, OrderStatus Status, decimal Total);

/// <param name="Reason">Why the order was rejected, if it was.</param>
public sealed record OrderResponse(Guid Id, OrderStatus Status, string? Reason, decimal Total, IReadOnlyList<OrderLine> Lines)
{
    public static OrderResponse From(Order order) => new(order.Id, order.Status, order.Reason, order.Total, order.Lines);
}
