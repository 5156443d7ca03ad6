using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Shop.Shared.Orders;
using Shop.Worker.Payments;

namespace Shop.Worker.Orders;

internal sealed partial class ChargePayment(AppDbContext db, PaymentClient payments, MessagePublisher publisher, ILogger<ChargePayment> logger)
    : IMessageHandler<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleAsync(order => order.Id == message.OrderId, cancellationToken);
        if (await payments.ChargeAsync(order, cancellationToken) is { } reason)
        {
            order.Status = OrderStatus.Rejected;
            order.Reason = reason;
            LogDeclined(order.Id, reason);
            return;
        }

        order.Status = OrderStatus.Paid;
        publisher.Publish(new OrderPaid(order.Id));
        LogCharged(order.Id, order.Total);
    }

    [LoggerMessage(LogLevel.Debug, "Charged {Total} for order {OrderId}")]
    private partial void LogCharged(Guid orderId, decimal total);

    [LoggerMessage(LogLevel.Debug, "Payment for order {OrderId} was declined: {Reason}")]
    private partial void LogDeclined(Guid orderId, string reason);
}
