using Bench.Shared.Data;
using Bench.Shared.Messaging;
using Bench.Shared.Orders;

namespace Bench.Worker.Orders;

internal sealed class HandleOrders(AppDbContext db, TimeProvider clock) : IMessageBatchHandler<OrderPlaced>
{
    public Task HandleAsync(IReadOnlyList<OrderPlaced> messages, CancellationToken cancellationToken)
    {
        db.AddRange(messages.Select(message => new OrderEffect { OrderId = message.OrderId, HandledAt = clock.GetUtcNow() }));
        return Task.CompletedTask;
    }
}
