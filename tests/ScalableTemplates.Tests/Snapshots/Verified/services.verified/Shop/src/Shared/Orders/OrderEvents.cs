using Shop.Shared.Messaging;

namespace Shop.Shared.Orders;

public sealed record OrderPlaced(Guid OrderId) : IMessage
{
    public static string MessageType => "orders.placed";
}

public sealed record OrderPaid(Guid OrderId) : IMessage
{
    public static string MessageType => "orders.paid";
}
