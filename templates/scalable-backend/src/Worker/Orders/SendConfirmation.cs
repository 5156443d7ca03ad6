using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Messaging;
using ScalableBackend.Core.Orders;
using ScalableBackend.Worker.Mail;

namespace ScalableBackend.Worker.Orders;

internal sealed class SendConfirmation(AppDbContext db, Mailer mailer) : IMessageHandler<OrderPaid>
{
    public async Task HandleAsync(OrderPaid message, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleAsync(order => order.Id == message.OrderId, cancellationToken);
        await mailer.SendAsync(
            id: $"order-{order.Id}",
            to: order.Email,
            subject: "Your order is confirmed",
            text: string.Create(CultureInfo.InvariantCulture, $"Thank you. Order {order.Id} over {order.Total:0.00} is paid and on its way."),
            cancellationToken);
        order.Status = OrderStatus.Confirmed;
    }
}
