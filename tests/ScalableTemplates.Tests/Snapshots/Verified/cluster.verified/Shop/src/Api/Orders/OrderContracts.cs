using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Shop.Shared.Orders;

namespace Shop.Api.Orders;

/// <param name="Email">The address to which the confirmation is sent.</param>
/// <param name="PaymentMethod">The payment method, as a token of the payment provider.</param>
/// <param name="Lines">The ordered products, each in one line.</param>
public sealed record PlaceOrderRequest(
    [property: Required, StringLength(254, MinimumLength = 1)]
    [property: RegularExpression(@"^[\w+'-]+(\.[\w+'-]+)*@[\w-]+(\.[\w-]+)*$", ErrorMessage = "The {0} field is not a valid e-mail address.")] string Email,
    [property: Required, StringLength(50, MinimumLength = 1)] string PaymentMethod,
    [property: Required, Length(1, 100, ErrorMessage = "The field {0} must have between {1} and {2} items.")] IReadOnlyList<PlaceOrderLine> Lines);

[method: JsonConstructor]
public readonly record struct PlaceOrderLine(Guid ProductId, [property: Range(1, 1000)] int Quantity);

public sealed record PlaceOrderResponse(Guid Id, OrderStatus Status);

public sealed record OrderSummary(Guid Id, OrderStatus Status, decimal Total);

/// <param name="Reason">The reason if the order was rejected, otherwise null.</param>
public sealed record OrderResponse(Guid Id, OrderStatus Status, string? Reason, decimal Total, IReadOnlyList<OrderLine> Lines)
{
    public static OrderResponse From(Order order) => new(order.Id, order.Status, order.Reason, order.Total, order.Lines);
}
