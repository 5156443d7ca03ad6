using System.Diagnostics.Metrics;

namespace Shop.Api.Replica;

internal static class ReplicaTelemetry
{
    public const string Name = "Shop.Replica";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Reads = Meter.CreateCounter<long>(
        "database.reads", "{request}", "Read-only requests by target server, with the reason if it is the primary.");

    private static readonly Gauge<double> Lag = Meter.CreateGauge<double>(
        "database.replica.lag", "s", "Replication lag of the standby.");

    /// <param name="fallbackReason">Why the request reads from the primary; null if it reads from the standby.</param>
    public static void RecordRead(string? fallbackReason)
    {
        if (fallbackReason is null)
        {
            Reads.Add(1, new KeyValuePair<string, object?>("target", "standby"));
        }
        else
        {
            Reads.Add(1, new("target", "primary"), new("reason", fallbackReason));
        }
    }

    /// <param name="lag">Null if unknown.</param>
    public static void RecordLag(TimeSpan? lag)
    {
        if (lag is { } known)
        {
            Lag.Record(known.TotalSeconds);
        }
    }
}
