using Microsoft.EntityFrameworkCore;
using Npgsql;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Data.Partitioning;
using ScalableBackend.Core.Scheduling;

namespace ScalableBackend.Worker.Maintenance;

/// <summary>Creates partitions before they are needed, and removes old ones whole: that costs nothing, however many rows they have.</summary>
#if (HasPartitioning)
internal sealed partial class PartitionMaintenance(
    AppDbContext db, IConfiguration configuration, TimeProvider clock, ILogger<PartitionMaintenance> logger) : IRecurringJob
#else
internal sealed partial class PartitionMaintenance(AppDbContext db, TimeProvider clock, ILogger<PartitionMaintenance> logger) : IRecurringJob
#endif
{
    // Longer than any message can still be under way.
    private static readonly TimeSpan KeepInbox = TimeSpan.FromDays(7);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CreateAsync(PartitionedTable.Inbox, count: 7, cancellationToken);
        await RemoveAsync(PartitionedTable.Inbox, KeepInbox, keepRows: false, cancellationToken);
#if (HasPartitioning)

        await CreateAsync(PartitionedTable.Orders, count: 12, cancellationToken);
        if (configuration.GetValue<TimeSpan?>("Orders:Retention") is { } retention)
        {
            // The rows stay in a table of their own, to be archived or dropped.
            await RemoveAsync(PartitionedTable.Orders, retention, keepRows: true, cancellationToken);
        }
#endif
    }

    private async Task CreateAsync(PartitionedTable table, int count, CancellationToken cancellationToken)
    {
        var present = await GetPartitionsAsync(table, cancellationToken);
        foreach (var start in table.PeriodsFrom(clock.GetUtcNow(), count).Where(start => !present.Contains(table.PartitionOf(start))))
        {
            try
            {
                await db.Database.ExecuteSqlRawAsync(table.CreateSql(start), cancellationToken);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.CheckViolation)
            {
                // Its rows have come before it and stay where they are, in the default partition.
                LogLate(table.PartitionOf(start));
            }
        }
    }

    private async Task RemoveAsync(PartitionedTable table, TimeSpan keep, bool keepRows, CancellationToken cancellationToken)
    {
        foreach (var partition in await GetPartitionsAsync(table, cancellationToken))
        {
            if (table.EndOf(partition) <= clock.GetUtcNow() - keep)
            {
                await db.Database.ExecuteSqlAsync($"SELECT remove_partition({table.Name}::regclass, {partition}::regclass, {keepRows})", cancellationToken);
                LogRemoved(partition);
            }
        }
    }

    private async Task<List<string>> GetPartitionsAsync(PartitionedTable table, CancellationToken cancellationToken) =>
        await db.Database
            .SqlQuery<string>($"SELECT inhrelid::regclass::text AS \"Value\" FROM pg_inherits WHERE inhparent = {table.Name}::regclass")
            .ToListAsync(cancellationToken);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} comes too late")]
    private partial void LogLate(string partition);

    [LoggerMessage(LogLevel.Information, "Partition {Partition} has served its time")]
    private partial void LogRemoved(string partition);
}
