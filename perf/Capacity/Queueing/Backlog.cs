namespace Capacity.Queueing;

/// <summary>Messages that accumulate while nothing is consumed.</summary>
internal readonly record struct Backlog(double ArrivalRate, TimeSpan Outage)
{
    public double Messages => ArrivalRate * Outage.TotalSeconds;

    /// <summary>The time until nothing is left, while further messages arrive.</summary>
    public TimeSpan GetDrainTime(double consumptionRate) => consumptionRate > ArrivalRate
        ? TimeSpan.FromSeconds(Messages / (consumptionRate - ArrivalRate))
        : Timeout.InfiniteTimeSpan;
}
