using Bench.Shared.Messaging;
using Bench.Shared.Orders;

namespace Bench.Worker.Orders;

internal static class OrderHandlers
{
    public static void AddOrders(this IHostApplicationBuilder builder) =>
        builder.Services.AddMessageHandler<OrderPlaced, HandleOrder>("handle-order");
}
