using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ScalableBackend.Shared.Orders;

namespace ScalableBackend.Api.Orders;

/// <param name="Email">Where the confirmation goes.</param>
/// <param name="PaymentMethod">A token of the payment provider.</param>
/// <param name="Lines">What is ordered; each product once.</param>
public sealed record PlaceOrderRequest(
    [property: Required, StringLength(254, MinimumLength = 1)]
    [property: RegularExpression(@"^[\w+'-]+(\.[\w+'-]+)*@[\w-]+(\.[\w-]+)*$", ErrorMessage = "The {0} field is not a valid e-mail address.")] string Email,
    [property: Required, StringLength(50, MinimumLength = 1)] string PaymentMethod,
    [property: Required, Length(1, 100, ErrorMessage = "The field {0} must have between {1} and {2} items.")] IReadOnlyList<PlaceOrderLine> Lines);

[method: JsonConstructor]
public readonly record struct PlaceOrderLine(Guid ProductId, [property: Range(1, 1000)] int Quantity);

public sealed record PlaceOrderResponse(Guid Id, OrderStatus Status);

public sealed record OrderSummary(Guid Id, OrderStatus Status, decimal Total);

/// <param name="Reason">Why the order was rejected, if it was.</param>
public sealed record OrderResponse(Guid Id, OrderStatus Status, string? Reason, decimal Total, IReadOnlyList<OrderLine> Lines)
{
    public static OrderResponse From(Order order) => new(order.Id, order.Status, order.Reason, order.Total, order.Lines);
}
