using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Scheduling;

namespace Shop.Worker.Maintenance;

/// <summary>
/// Creates partitions ahead of time and drops expired partitions, which is cheap regardless of their number of rows. Functions
/// of the database do the work, based on <c>partition_policies</c>, because services have no DDL privileges.
/// </summary>
internal sealed partial class PartitionMaintenanceJob(AppDbContext db, ILogger<PartitionMaintenanceJob> logger) : IRecurringJob
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Each call changes one partition, so that locks are held only briefly.
        while (await CallAsync("SELECT drop_expired_partition()", cancellationToken) is { } partition)
        {
            LogDropped(partition);
        }

        while (await CallAsync("SELECT create_next_partition()", cancellationToken) is { } partition)
        {
            LogCreated(partition);
        }
    }

    private async Task<string?> CallAsync(string sql, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<string?>(sql).ToListAsync(cancellationToken))[0];

    [LoggerMessage(LogLevel.Information, "Dropped expired partition {Partition}")]
    private partial void LogDropped(string partition);

    [LoggerMessage(LogLevel.Information, "Created partition {Partition}")]
    private partial void LogCreated(string partition);
}
