using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ScalableBackend.Core.Messaging;

internal static class MessagingTelemetry
{
    private const string Name = "Messaging";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "messaging.process.duration", "s", "Time a handler took, by consumer and outcome.");

    private static readonly Histogram<double> OutboxLag = Meter.CreateHistogram<double>(
        "messaging.outbox.lag", "s", "Time from publishing a message to taking it from the outbox.");

    /// <summary>Starts a span in the trace that the message belongs to, whichever process began it.</summary>
    public static Activity? Start(ActivityKind kind, string name, string? traceParent) =>
        Source.StartActivity(name, kind, traceParent);

    public static void Processed(string consumer, string outcome, TimeSpan elapsed) =>
        Duration.Record(elapsed.TotalSeconds, new("messaging.consumer", consumer), new("outcome", outcome));

    public static void Taken(TimeSpan lag) => OutboxLag.Record(lag.TotalSeconds);
}
