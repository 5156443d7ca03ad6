using Bench.Shared.Data;
using Bench.Shared.Messaging;
using Bench.Shared.Orders;

namespace Bench.Worker.Orders;

internal sealed class HandleOrder(AppDbContext db, TimeProvider clock) : IMessageHandler<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, CancellationToken cancellationToken)
    {
        db.Add(new OrderEffect { OrderId = message.OrderId, HandledAt = clock.GetUtcNow() });
        return Task.CompletedTask;
    }
}
