using Bench.Core.Messaging;
using Bench.Core.Orders;

namespace Bench.Worker.Orders;

internal static class OrderJobs
{
    public static void AddOrders(this IHostApplicationBuilder builder) =>
        builder.Services.AddMessageHandler<OrderPlaced, HandleOrder>("handle-order");
}
