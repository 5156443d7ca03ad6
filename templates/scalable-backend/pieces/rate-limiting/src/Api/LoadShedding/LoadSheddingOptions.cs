namespace ScalableBackend.Api.LoadShedding;

/// <summary>The section <c>LoadShedding</c> of the configuration: three bulkheads, and the queue in front of each.</summary>
internal sealed class LoadSheddingOptions
{
    public const string Section = "LoadShedding";

    /// <summary>Concurrent reads of this process. More would each take longer, and none would finish earlier.</summary>
    public int MaxConcurrentReads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Concurrent reads that are served from the cache; a bulkhead of their own keeps them going while the database is slow or down.</summary>
    public int MaxConcurrentCachedReads { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Concurrent requests that are no reads.</summary>
    public int MaxConcurrentWrites { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>Requests that may wait for each bulkhead: the size of a burst.</summary>
    public int MaxQueueLength { get; init; } = 24 * Environment.ProcessorCount;

    /// <summary>How long a request waits before it is rejected.</summary>
    public TimeSpan MaxQueueTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The share of a bulkhead that one client address may use, from 0.01 to 1. Set it to 1 where all clients share one address.</summary>
    public double MaxSharePerClient { get; init; } = 0.75;
}
