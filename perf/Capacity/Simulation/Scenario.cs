namespace Capacity.Simulation;

/// <summary>Replicas of an API in several zones behind a gateway, and what happens to them. Times are in seconds.</summary>
internal sealed record Scenario(double RequestsPerSecond, double Length, IReadOnlyList<RequestKind> Kinds)
{
    public ulong Seed { get; init; } = 1;

    public int Zones { get; init; } = 1;

    public int ReplicasPerZone { get; init; } = 1;

    public int Cores { get; init; } = 1;

    /// <summary>The squared coefficient of variation of service times; at least 1.</summary>
    public double Variation { get; init; } = 1;

    /// <summary>Null: every request is accepted, however many wait.</summary>
    public LoadShedding? LoadShedding { get; init; }

    public ZoneLoss? ZoneLoss { get; init; }

    /// <summary>Retries of the gateway at once; beyond that, a fifth of the requests. 0: it does not retry.</summary>
    public int RetryBurst { get; init; }

    public Surge? Surge { get; init; }

    public Autoscaling? Autoscaling { get; init; }

    /// <summary>Clients give up after this time; the work for them is done in vain.</summary>
    public double ClientTimeout { get; init; } = double.PositiveInfinity;
}

/// <param name="Cpu">CPU time, half of it before and half after the database.</param>
/// <param name="Database">Time in which the request waits for the database without using CPU time.</param>
/// <param name="IsSafe">Whether a gateway may send it to another replica after it was sent.</param>
internal sealed record RequestKind(double Share, double Cpu, double Database, bool IsSafe);

/// <param name="MaxConcurrent">Requests that a process runs at the same time.</param>
/// <param name="RejectionCpu">The CPU time of a rejection.</param>
internal sealed record LoadShedding(int MaxConcurrent, int MaxQueueLength, double MaxQueueTime, double RejectionCpu);

/// <summary>One zone disappears without a word: requests to it get no response, and no connection is refused.</summary>
/// <param name="Detection">The time until the gateway sends nothing there, and sends what waits there to other replicas.</param>
internal sealed record ZoneLoss(double At, double Detection);

internal sealed record Surge(double At, double Factor);

/// <summary>The Horizontal Pod Autoscaler.</summary>
/// <param name="Interval">The time between decisions, each of which sees the mean CPU utilization of the previous interval.</param>
/// <param name="StartTime">The time from the decision until a new replica gets requests.</param>
/// <param name="ColdTime">How long a new replica needs more CPU time, by <paramref name="ColdFactor"/>, until its code is optimized.</param>
internal sealed record Autoscaling(double Target, double Interval, double StartTime, double ColdTime, double ColdFactor)
{
    // The tolerance of the Horizontal Pod Autoscaler.
    private const double Tolerance = 0.1;

    public int CountReplicas(int replicas, double utilization) =>
        Math.Abs((utilization / Target) - 1) <= Tolerance ? replicas : (int)Math.Ceiling(replicas * utilization / Target);
}
