using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ScalableBackend.Shared.Messaging;

internal static class MessagingTelemetry
{
    private const string Name = "Messaging";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "messaging.process.duration", "s", "Time a handler took, by consumer and outcome.");

    private static readonly Gauge<double> OutboxLag = Meter.CreateGauge<double>(
        "messaging.outbox.lag", "s", "How long the oldest message has been due in the outbox; 0 if none is.");

    private static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>(
        "messaging.dead_letters", "{message}", "Messages that were given up, by consumer and exception.");

#if (HasRabbitMq)
    private static readonly Counter<long> UnroutedMessages = Meter.CreateCounter<long>(
        "messaging.unrouted", "{message}", "Attempts to publish a message that no queue is bound for, by type.");

#endif
    /// <summary>Starts a span in the trace that the message belongs to, whichever process began it.</summary>
    public static Activity? Start(ActivityKind kind, string name, IReadOnlyDictionary<string, string> headers) =>
        Source.StartActivity(kind, headers.GetTrace(), [new("messaging.message.conversation_id", headers.GetValueOrDefault(MessageHeaders.CorrelationId))], name: name);

    /// <summary>Starts a span in the trace of the message; for many messages, one of its own with a link to each.</summary>
    public static Activity? StartProcessing(string consumer, IReadOnlyList<ReceivedMessage> messages) =>
        messages is [var only]
            ? Start(ActivityKind.Consumer, $"process {consumer}", only.Headers)
            : Source.StartActivity(ActivityKind.Consumer, default(ActivityContext), links: messages.Select(message => new ActivityLink(message.Headers.GetTrace())), name: $"process {consumer}");

    public static void Processed(string consumer, string outcome, TimeSpan elapsed) =>
        Duration.Record(elapsed.TotalSeconds, new("messaging.consumer", consumer), new("outcome", outcome));

    public static void DeadLettered(string consumer, Exception exception) =>
        DeadLetters.Add(1, new("messaging.consumer", consumer), new("error.type", exception.GetType().FullName));

#if (HasRabbitMq)
    public static void Unrouted(string type) => UnroutedMessages.Add(1, new KeyValuePair<string, object?>("messaging.type", type));

#endif
    public static void Waiting(TimeSpan lag) => OutboxLag.Record(lag.TotalSeconds);
}
