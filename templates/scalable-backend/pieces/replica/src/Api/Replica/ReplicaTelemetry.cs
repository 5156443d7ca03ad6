using System.Diagnostics.Metrics;

namespace ScalableBackend.Api.Replica;

internal static class ReplicaTelemetry
{
    public const string Name = "ScalableBackend.Replica";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Reads = Meter.CreateCounter<long>(
        "database.reads", "{request}", "Requests that only read, by target, and by the reason where it is the primary.");

    private static readonly Gauge<double> Lag = Meter.CreateGauge<double>(
        "database.replica.lag", "s", "How old the state is that the standby shows.");

    /// <param name="obstacle">Why it is the primary that is read from; null if it is the standby.</param>
    public static void Read(string? obstacle)
    {
        if (obstacle is null)
        {
            Reads.Add(1, new KeyValuePair<string, object?>("target", "standby"));
        }
        else
        {
            Reads.Add(1, new("target", "primary"), new("reason", obstacle));
        }
    }

    /// <param name="lag">Null if it is not known.</param>
    public static void Lags(TimeSpan? lag)
    {
        if (lag is { } known)
        {
            Lag.Record(known.TotalSeconds);
        }
    }
}
