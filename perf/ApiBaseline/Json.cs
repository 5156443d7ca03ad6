using System.Text.Json.Serialization;

namespace ApiBaseline;

internal sealed record Product(Guid Id, string Name, decimal Price);

internal sealed record PlaceOrderRequest(string Email, string PaymentMethod, List<PlaceOrderLine> Lines);

internal sealed record PlaceOrderLine(Guid ProductId, int Quantity);

internal sealed record PlaceOrderResponse(Guid Id, string Status);

internal sealed record OrderPlaced(Guid OrderId);

internal sealed record OrderSummary(Guid Id, string Status, decimal Total);

internal sealed record Order(Guid Id, string Status, string? Reason, decimal Total, List<OrderLine> Lines);

internal sealed record OrderLine(Guid ProductId, int Quantity, decimal UnitPrice);

internal sealed record Page<T>(List<T> Items, Guid? Next)
{
    public static Page<T> Of(List<T> rows, int limit, Func<T, Guid> id) =>
        rows.Count > limit ? new(rows[..limit], id(rows[limit - 1])) : new(rows, null);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TokenHeader))]
[JsonSerializable(typeof(TokenPayload))]
[JsonSerializable(typeof(Product))]
[JsonSerializable(typeof(PlaceOrderRequest))]
[JsonSerializable(typeof(PlaceOrderResponse))]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Page<Product>))]
[JsonSerializable(typeof(Page<OrderSummary>))]
internal sealed partial class Json : JsonSerializerContext;

/// <summary>Order lines as stored in the jsonb column.</summary>
[JsonSerializable(typeof(List<OrderLine>))]
internal sealed partial class StoredJson : JsonSerializerContext;
