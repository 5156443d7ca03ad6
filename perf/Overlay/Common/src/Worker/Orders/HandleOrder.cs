using Bench.Core.Data;
using Bench.Core.Messaging;
using Bench.Core.Orders;

namespace Bench.Worker.Orders;

internal sealed class HandleOrder(AppDbContext db, TimeProvider clock) : IMessageHandler<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, CancellationToken cancellationToken)
    {
        db.Add(new OrderEffect { OrderId = message.OrderId, HandledAt = clock.GetUtcNow() });
        return Task.CompletedTask;
    }
}
