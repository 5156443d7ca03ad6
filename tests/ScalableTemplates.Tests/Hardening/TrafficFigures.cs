using System.Collections.Concurrent;
using System.Globalization;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>What was answered to a mix of requests, and how soon.</summary>
internal sealed class TrafficFigures(TimeSpan duration)
{
    private readonly ConcurrentBag<double> served = [];
    private readonly ConcurrentBag<double> refused = [];
    private readonly ConcurrentBag<double> late = [];
    private readonly ConcurrentBag<string> wrong = [];
    private int notSent;

    /// <summary>How many requests were done, in a second.</summary>
    public double PerSecond => served.Count / duration.TotalSeconds;

    public double RefusedPerSecond => refused.Count / duration.TotalSeconds;

    /// <summary>Of the requests that were done, in milliseconds.</summary>
    public double P99 => Percentile(served, 0.99);

    public double RefusedP99 => Percentile(refused, 0.99);

    /// <summary>Answers that are neither 2xx nor a refusal as it must be.</summary>
    public IEnumerable<string> Wrong => wrong;

    public void Add(int status, TimeSpan latency, CheapConnection connection)
    {
        if (status is >= 200 and < 300)
        {
            served.Add(latency.TotalMilliseconds);
        }
        else if (status == 503 && connection.IsRefusal)
        {
            refused.Add(latency.TotalMilliseconds);
        }
        else
        {
            AddWrong(connection.Text);
        }
    }

    /// <summary>How much later than due the client itself sent a request.</summary>
    public void AddLateness(TimeSpan lateness) => late.Add(lateness.TotalMilliseconds);

    public void AddWrong(string finding) => wrong.Add(finding);

    /// <summary>The client itself could not keep up.</summary>
    public void AddNotSent() => Interlocked.Increment(ref notSent);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{PerSecond:0}/s done with p50 {Percentile(served, 0.5):0.0} ms, p99 {P99:0.0} ms; {RefusedPerSecond:0}/s refused with p50 {Percentile(refused, 0.5):0.0} ms, p99 {RefusedP99:0.0} ms; {wrong.Count} others, {notSent} not sent, sent late by p50 {Percentile(late, 0.5):0.0} ms, p99 {Percentile(late, 0.99):0.0} ms");

    private static double Percentile(ConcurrentBag<double> latencies, double share)
    {
        var sorted = latencies.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[(int)((sorted.Count - 1) * share)];
    }
}
