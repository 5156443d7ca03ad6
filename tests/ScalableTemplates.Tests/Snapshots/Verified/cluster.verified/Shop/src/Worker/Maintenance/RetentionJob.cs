using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Idempotency;
using Shop.Shared.Scheduling;

namespace Shop.Worker.Maintenance;

/// <summary>Deletes rows whose retention has expired.</summary>
internal sealed class RetentionJob(AppDbContext db, IConfiguration configuration, TimeProvider clock) : IRecurringJob
{
    // Longer than daily partitions are kept, so only rows of the default partition are deleted one by one.
    private static readonly TimeSpan InboxRetention = TimeSpan.FromDays(9);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var oldestId = Guid.CreateVersion7(now - InboxRetention);
        // A delayed or replayed message has an old id, although it may just have been handled; so both must be expired.
        await db.InboxMessages
            .Where(message => message.MessageId < oldestId && message.HandledAt < now - InboxRetention)
            .ExecuteDeleteAsync(cancellationToken);
        var oldestRecord = now - IdempotencyRecord.GetLifetime(configuration);
        await db.IdempotencyRecords.Where(record => record.CreatedAt < oldestRecord).ExecuteDeleteAsync(cancellationToken);
    }
}
