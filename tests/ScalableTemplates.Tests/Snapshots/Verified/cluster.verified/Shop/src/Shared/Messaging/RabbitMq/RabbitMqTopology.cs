using RabbitMQ.Client;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>
/// A topic exchange for all messages. For each handler a queue, a delay queue for each retry delay (messages expire there and
/// are dead-lettered back to the handler's queue), and a dead-letter queue. All are quorum queues, so they survive the loss of a node.
/// </summary>
internal static class RabbitMqTopology
{
    public const string Exchange = "events";

    // The broker also counts redeliveries of messages that were only prefetched when a worker exited, so the consumer counts attempts itself.
    private const int NoDeliveryLimit = int.MaxValue;

    public static string RetryQueue(string consumer, TimeSpan delay) => $"{consumer}.retry.{delay.TotalSeconds:0.###}s";

    public static string DeadLetterQueue(string consumer) => $"{consumer}.dead";

    public static Task DeclareExchangeAsync(IChannel channel, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);

    public static Task DeclareDeadLetterQueueAsync(IChannel channel, string consumer, CancellationToken cancellationToken) =>
        DeclareQueueAsync(channel, DeadLetterQueue(consumer), new() { ["x-delivery-limit"] = NoDeliveryLimit }, cancellationToken);

    public static async Task DeclareAsync(
        IChannel channel, HandlerRegistration handler, IEnumerable<TimeSpan> retryDelays, CancellationToken cancellationToken)
    {
        await DeclareExchangeAsync(channel, cancellationToken);
        await DeclareDeadLetterQueueAsync(channel, handler.Consumer, cancellationToken);
        await DeclareQueueAsync(
            channel, handler.Consumer, DeadLetterTo(DeadLetterQueue(handler.Consumer), ("x-delivery-limit", NoDeliveryLimit)), cancellationToken);
        foreach (var delay in retryDelays)
        {
            await DeclareQueueAsync(
                channel, RetryQueue(handler.Consumer, delay), DeadLetterTo(handler.Consumer, ("x-message-ttl", (int)delay.TotalMilliseconds)), cancellationToken);
        }

        await channel.QueueBindAsync(handler.Consumer, Exchange, handler.MessageType, cancellationToken: cancellationToken);
    }

    private static Dictionary<string, object?> DeadLetterTo(string queue, (string Key, int Value) argument) => new()
    {
        ["x-dead-letter-exchange"] = "",
        ["x-dead-letter-routing-key"] = queue,
        // The broker dead-letters with internal publisher confirms, and keeps the message until it is confirmed.
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
        [argument.Key] = argument.Value,
    };

    private static async Task DeclareQueueAsync(
        IChannel channel, string queue, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        arguments["x-queue-type"] = "quorum";
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
    }
}
