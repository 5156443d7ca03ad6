using System.Diagnostics.Metrics;

namespace Shop.Shared.Messaging.RabbitMq;

internal static class RabbitMqTelemetry
{
    private static readonly Counter<long> UnroutedMessages = new Meter(MessagingTelemetry.Name).CreateCounter<long>(
        "messaging.unrouted", "{message}", "Messages that were returned because no queue is bound to their type, by type; every attempt counts.");

    public static void Unrouted(string type) => UnroutedMessages.Add(1, new KeyValuePair<string, object?>("messaging.rabbitmq.destination.routing_key", type));
}
