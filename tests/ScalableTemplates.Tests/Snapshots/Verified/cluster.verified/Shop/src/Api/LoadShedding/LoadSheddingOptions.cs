namespace Shop.Api.LoadShedding;

/// <summary>The configuration section <c>LoadShedding</c>: limits of the three bulkheads and their queues.</summary>
internal sealed class LoadSheddingOptions
{
    public const string Section = "LoadShedding";

    /// <summary>The maximum number of concurrent reads in this process. A higher limit adds latency without adding throughput.</summary>
    public int MaxConcurrentReads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>The maximum number of concurrent reads from the cache. Their separate bulkhead keeps them available while the database is slow or down.</summary>
    public int MaxConcurrentCachedReads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>The maximum number of concurrent requests that are not reads.</summary>
    public int MaxConcurrentWrites { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>The maximum number of requests that wait for each bulkhead: the size of a burst.</summary>
    public int MaxQueueLength { get; init; } = 24 * Environment.ProcessorCount;

    /// <summary>How long a request may wait before it is rejected.</summary>
    public TimeSpan MaxQueueTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The maximum share of a bulkhead for one client address, from 0.01 to 1. Set it to 1 if all clients share one address.</summary>
    public double MaxSharePerClient { get; init; } = 0.75;
}
