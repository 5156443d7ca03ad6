using Shop.Shared.Messaging;

namespace Shop.Shared.Orders;

/// <summary>Published by <c>POST /v1/orders</c> (Api/Orders), handled by <c>ChargePayment</c> (Worker/Orders).</summary>
public sealed record OrderPlaced(Guid OrderId) : IMessage
{
    public static string MessageType => "orders.placed";
}

/// <summary>Published by <c>ChargePayment</c> (Worker/Orders), handled by <c>SendConfirmation</c> (Worker/Orders).</summary>
public sealed record OrderPaid(Guid OrderId) : IMessage
{
    public static string MessageType => "orders.paid";
}
