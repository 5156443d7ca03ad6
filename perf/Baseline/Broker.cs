using RabbitMQ.Client;

namespace Baseline;

internal static class Broker
{
    public const string Exchange = "baseline";
    public const string Queue = "baseline.orders";
    public const string MessageType = "orders.placed";

    public static async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            Queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" },
            cancellationToken: cancellationToken);
        await channel.QueueBindAsync(Queue, Exchange, MessageType, cancellationToken: cancellationToken);
    }
}
