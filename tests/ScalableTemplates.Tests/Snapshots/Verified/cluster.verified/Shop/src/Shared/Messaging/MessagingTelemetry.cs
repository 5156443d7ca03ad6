using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Shop.Shared.Messaging;

/// <summary>Spans and metrics of messages, named as in OpenTelemetry's semantic conventions where these have a name.</summary>
internal static class MessagingTelemetry
{
    public const string Name = "Shop.Messaging";
    private const string MessagingSystem = "rabbitmq";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram<double>(
        "messaging.process.duration", "s", "Duration of handling a message or a batch, by handler; failures have error.type.",
        advice: new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    private static readonly Histogram<double> DeliveryLag = Meter.CreateHistogram<double>(
        "messaging.delivery.lag", "s", "Time from when a message was due until it was handled, with its retries, by handler.",
        advice: new() { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200] });

    private static readonly Counter<long> Duplicates = Meter.CreateCounter<long>(
        "messaging.duplicates", "{message}", "Redelivered messages that were skipped because the inbox contains them, by handler.");

    private static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>(
        "messaging.dead_letters", "{message}", "Messages that were dead-lettered, by handler and error.type.");

    private static readonly Gauge<double> OutboxLag = Meter.CreateGauge<double>(
        "messaging.outbox.lag", "s", "How long the oldest message has been due in the outbox; 0 if none is due.");

    private static readonly Gauge<long> OutboxDeadRows = Meter.CreateGauge<long>(
        "messaging.outbox.dead_rows", "{row}", "Deleted rows of the outbox that are not vacuumed yet.");

    /// <summary>Starts a span for publishing a message, in the trace that the message belongs to.</summary>
    /// <param name="destination">The message type, or the queue that the message goes to directly.</param>
    public static Activity? StartPublish(string destination, string? messageId, IReadOnlyDictionary<string, string> headers) =>
        Start(ActivityKind.Producer, "publish", "send", destination, messageId, headers);

    /// <summary>Starts a span for handling messages: in the trace of a single message, or in a new trace with a link to each message of a batch.</summary>
    public static Activity? StartProcess(string consumer, IReadOnlyList<ReceivedMessage> messages)
    {
        if (messages is [var only])
        {
            return Start(ActivityKind.Consumer, "process", "process", consumer, only.Id.ToString(), only.Headers);
        }

        var links = messages.Select(message => new ActivityLink(message.Headers.GetTrace()));
        return Source.StartActivity(ActivityKind.Consumer, default(ActivityContext), links: links, name: $"process {consumer}")
            .AddTags("process", "process", consumer)
            ?.SetTag("messaging.batch.message_count", messages.Count);
    }

    /// <param name="exception">Why the handler failed; null if it succeeded.</param>
    public static void Processed(string consumer, TimeSpan duration, Exception? exception = null)
    {
        var tags = new TagList { { "messaging.operation.name", "process" }, { "messaging.system", MessagingSystem }, { "messaging.destination.name", consumer } };
        if (exception is not null)
        {
            tags.Add("error.type", exception.GetType().FullName);
        }

        ProcessDuration.Record(duration.TotalSeconds, tags);
    }

    /// <summary>Records how late messages were handled. Their ids contain the time at which they were due.</summary>
    public static void Delivered(string consumer, IEnumerable<ReceivedMessage> messages, DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[16];
        foreach (var message in messages.Where(message => message.Id.Version == 7))
        {
            message.Id.TryWriteBytes(id, bigEndian: true, out _);
            var dueAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(id) >> 16);
            DeliveryLag.Record(Math.Max(0, (now - dueAt).TotalSeconds), new KeyValuePair<string, object?>("messaging.destination.name", consumer));
        }
    }

    public static void Duplicate(string consumer) => Duplicates.Add(1, new KeyValuePair<string, object?>("messaging.destination.name", consumer));

    public static void DeadLettered(string consumer, Exception exception) =>
        DeadLetters.Add(1, new("messaging.destination.name", consumer), new("error.type", exception.GetType().FullName));

    public static void RecordOutboxLag(TimeSpan lag) => OutboxLag.Record(lag.TotalSeconds);

    public static void RecordOutboxDeadRows(long rows) => OutboxDeadRows.Record(rows);

    private static Activity? Start(
        ActivityKind kind, string operation, string operationType, string destination, string? messageId, IReadOnlyDictionary<string, string> headers) =>
        Source.StartActivity(kind, headers.GetTrace(), name: $"{operation} {destination}")
            .AddTags(operation, operationType, destination)
            ?.SetTag("messaging.message.id", messageId)
            .SetTag("messaging.message.conversation_id", headers.GetValueOrDefault(MessageHeaders.CorrelationId));

    // Only for recorded spans: most are not sampled, and would allocate their tags for nothing.
    private static Activity? AddTags(this Activity? activity, string operation, string operationType, string destination) =>
        activity is { IsAllDataRequested: true }
            ? activity
                .SetTag("messaging.system", MessagingSystem)
                .SetTag("messaging.operation.name", operation)
                .SetTag("messaging.operation.type", operationType)
                .SetTag("messaging.destination.name", destination)
            : activity;
}
