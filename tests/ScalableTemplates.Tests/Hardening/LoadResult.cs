using System.Collections.Concurrent;
using System.Globalization;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Throughput and latency of served and rejected requests.</summary>
internal sealed class LoadResult(TimeSpan duration)
{
    private readonly ConcurrentBag<double> served = [];
    private readonly ConcurrentBag<double> rejected = [];
    private readonly ConcurrentBag<double> late = [];
    private readonly ConcurrentBag<string> unexpected = [];
    private int notSent;

    /// <summary>Served requests per second.</summary>
    public double PerSecond => served.Count / duration.TotalSeconds;

    public double RejectedPerSecond => rejected.Count / duration.TotalSeconds;

    /// <summary>The latency of served requests in milliseconds.</summary>
    public double P99 => Percentile(served, 0.99);

    public double RejectedP99 => Percentile(rejected, 0.99);

    /// <summary>Responses that are neither 2xx nor a valid rejection.</summary>
    public IEnumerable<string> Unexpected => unexpected;

    public void Add(int status, TimeSpan latency, RawHttpConnection connection)
    {
        if (status is >= 200 and < 300)
        {
            served.Add(latency.TotalMilliseconds);
        }
        else if (status == 503 && connection.IsRejection)
        {
            rejected.Add(latency.TotalMilliseconds);
        }
        else
        {
            AddUnexpected(connection.Text);
        }
    }

    /// <summary>How much later than scheduled the load generator sent a request.</summary>
    public void AddLateness(TimeSpan lateness) => late.Add(lateness.TotalMilliseconds);

    public void AddUnexpected(string finding) => unexpected.Add(finding);

    /// <summary>The load generator could not keep up.</summary>
    public void AddNotSent() => Interlocked.Increment(ref notSent);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{PerSecond:0}/s served with p50 {Percentile(served, 0.5):0.0} ms, p99 {P99:0.0} ms; {RejectedPerSecond:0}/s rejected with p50 {Percentile(rejected, 0.5):0.0} ms, p99 {RejectedP99:0.0} ms; {unexpected.Count} unexpected, {notSent} not sent, sent late by p50 {Percentile(late, 0.5):0.0} ms, p99 {Percentile(late, 0.99):0.0} ms");

    private static double Percentile(ConcurrentBag<double> latencies, double share)
    {
        var sorted = latencies.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[(int)((sorted.Count - 1) * share)];
    }
}
