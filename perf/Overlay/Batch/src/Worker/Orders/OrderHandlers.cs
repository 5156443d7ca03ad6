using Bench.Shared.Messaging;
using Bench.Shared.Orders;

namespace Bench.Worker.Orders;

internal static class OrderHandlers
{
    // The same queue either way; a run chooses who reads it.
    public static void AddOrders(this IHostApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int>("Bench:BatchSize") is > 1 and var batchSize)
        {
            builder.Services.AddMessageBatchHandler<OrderPlaced, HandleOrders>("handle-order", batchSize);
        }
        else
        {
            builder.Services.AddMessageHandler<OrderPlaced, HandleOrder>("handle-order");
        }
    }
}
