using System.Globalization;

namespace ScalableBackend.Core.Data.Partitioning;

public enum PartitionPeriod { Day, Month }

/// <summary>A table whose rows lie in a partition for each day or month, by the time in their UUIDv7 key.</summary>
/// <param name="Name">The name of the table.</param>
/// <param name="Period">What a partition spans, in UTC.</param>
public sealed record PartitionedTable(string Name, PartitionPeriod Period)
{
    public static readonly PartitionedTable Inbox = new("inbox_messages", PartitionPeriod.Day);
#if (HasPartitioning)

    public static readonly PartitionedTable Orders = new("orders", PartitionPeriod.Month);
#endif

    private string Format => Period == PartitionPeriod.Day ? "yyyyMMdd" : "yyyyMM";

    /// <summary>The periods from that of <paramref name="time"/> on, by their start.</summary>
    public IEnumerable<DateTimeOffset> PeriodsFrom(DateTimeOffset time, int count)
    {
        var start = Period == PartitionPeriod.Day
            ? new DateTimeOffset(time.UtcDateTime.Date, TimeSpan.Zero)
            : new DateTimeOffset(time.UtcDateTime.Year, time.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return Enumerable.Range(0, count).Select(i => Period == PartitionPeriod.Day ? start.AddDays(i) : start.AddMonths(i));
    }

    public string PartitionOf(DateTimeOffset start) => $"{Name}_{start.ToString(Format, CultureInfo.InvariantCulture)}";

    /// <returns>Where the named partition ends; null if it is not one of a day or month.</returns>
    public DateTimeOffset? EndOf(string partition) =>
        partition.StartsWith($"{Name}_", StringComparison.Ordinal)
        && DateTimeOffset.TryParseExact(
            partition[(Name.Length + 1)..], Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start)
            ? PeriodsFrom(start, 2).Last()
            : null;

    public string CreateSql(DateTimeOffset start) =>
        $"SELECT create_partition('{Name}', '{PartitionOf(start)}', '{Uuid7.MinAt(start)}', '{Uuid7.MinAt(PeriodsFrom(start, 2).Last())}')";
}
