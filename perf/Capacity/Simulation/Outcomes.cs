namespace Capacity.Simulation;

/// <summary>What became of the requests, by the second in which they arrived.</summary>
internal sealed class Outcomes(int seconds)
{
    private readonly List<long>[] latencies = [.. Enumerable.Range(0, seconds).Select(_ => new List<long>())];
    private readonly long[] arrived = new long[seconds];
    private readonly long[] rejected = new long[seconds];

    /// <summary>Requests in progress, integrated over time, in nanoseconds.</summary>
    public double RequestTime { get; set; }

    /// <summary>How often a request had to wait for a core.</summary>
    public long WaitedForCore { get; set; }

    /// <summary>Time spent waiting for a core, in nanoseconds.</summary>
    public double CoreWait { get; set; }

    public void AddArrival(long now) => arrived[Second(now)]++;

    public void AddRejection(Request request) => rejected[Second(request.Arrived)]++;

    /// <param name="isUseful">Whether the client was still waiting.</param>
    public void AddCompletion(Request request, long now, bool isUseful)
    {
        if (isUseful)
        {
            latencies[Second(request.Arrived)].Add(now - request.Arrived);
        }
    }

    public long CountArrivals(Range seconds) => arrived[seconds].Sum();

    /// <summary>The share of the arrivals that got a response in time.</summary>
    public double GetServed(Range seconds) => (double)latencies[seconds].Sum(second => second.Count) / CountArrivals(seconds);

    /// <summary>The share of the arrivals that was rejected with 503 and a Retry-After.</summary>
    public double GetRejected(Range seconds) => (double)rejected[seconds].Sum() / CountArrivals(seconds);

    /// <summary>The share of the arrivals that got an error or no response in time.</summary>
    public double GetFailed(Range seconds) => Math.Max(0, 1 - GetServed(seconds) - GetRejected(seconds));

    /// <summary>The latency in milliseconds that the given share of the served requests does not exceed.</summary>
    public double GetLatency(Range seconds, double share)
    {
        var sorted = latencies[seconds].SelectMany(second => second).Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)((sorted.Length - 1) * share)] / 1e6;
    }

    public double GetMeanLatency(Range seconds) => latencies[seconds].SelectMany(second => second).Average() / 1e6;

    private int Second(long time) => (int)Math.Min(time / 1_000_000_000, arrived.Length - 1);
}
