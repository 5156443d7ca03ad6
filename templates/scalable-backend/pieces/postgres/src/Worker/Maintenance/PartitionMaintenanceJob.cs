using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Scheduling;

namespace ScalableBackend.Worker.Maintenance;

/// <summary>
/// Creates partitions before they are needed, and removes expired ones whole: that costs nothing, however many rows they have.
/// Which ones is for the database to say (<c>partition_policies</c>), as services may not change tables.
/// </summary>
internal sealed partial class PartitionMaintenanceJob(AppDbContext db, ILogger<PartitionMaintenanceJob> logger) : IRecurringJob
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Each call changes one partition, so that no lock lasts longer than that.
        while (await CallAsync("SELECT drop_expired_partition()", cancellationToken) is { } partition)
        {
            LogRemoved(partition);
        }

        while (await CallAsync("SELECT create_next_partition()", cancellationToken) is { } partition)
        {
            LogCreated(partition);
        }
    }

    private async Task<string?> CallAsync(string sql, CancellationToken cancellationToken) =>
        (await db.Database.SqlQueryRaw<string?>(sql).ToListAsync(cancellationToken))[0];

    [LoggerMessage(LogLevel.Information, "Removed expired partition {Partition}")]
    private partial void LogRemoved(string partition);

    [LoggerMessage(LogLevel.Information, "Created partition {Partition}")]
    private partial void LogCreated(string partition);
}
