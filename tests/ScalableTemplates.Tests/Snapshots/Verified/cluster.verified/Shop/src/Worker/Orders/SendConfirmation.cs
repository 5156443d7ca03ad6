using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Shop.Shared.Orders;
using Shop.Worker.Mail;

namespace Shop.Worker.Orders;

internal sealed partial class SendConfirmation(AppDbContext db, Mailer mailer, ILogger<SendConfirmation> logger) : IMessageHandler<OrderPaid>
{
    public async Task HandleAsync(OrderPaid message, CancellationToken cancellationToken)
    {
        var order = await db.Orders.SingleAsync(order => order.Id == message.OrderId, cancellationToken);
        await mailer.SendAsync(
            id: $"order-{order.Id}",
            to: order.Email,
            subject: "Your order is confirmed",
            text: string.Create(CultureInfo.InvariantCulture, $"Thank you. Order {order.Id} for {order.Total:0.00} is paid and on its way."),
            cancellationToken);
        order.Status = OrderStatus.Confirmed;
        LogSent(order.Id);
    }

    [LoggerMessage(LogLevel.Debug, "Sent the confirmation mail for order {OrderId}")]
    private partial void LogSent(Guid orderId);
}
