using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Messaging;
using ScalableBackend.Core.Orders;
using ScalableBackend.Worker.Payments;

namespace ScalableBackend.Worker.Orders;

internal sealed class ChargePayment(AppDbContext db, PaymentClient payments, MessagePublisher publisher) : IMessageHandler<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleAsync(order => order.Id == message.OrderId, cancellationToken);
        if (await payments.ChargeAsync(order, cancellationToken) is { } refusal)
        {
            order.Status = OrderStatus.Rejected;
            order.Reason = refusal;
            return;
        }

        order.Status = OrderStatus.Paid;
        publisher.Publish(new OrderPaid(order.Id));
    }
}
