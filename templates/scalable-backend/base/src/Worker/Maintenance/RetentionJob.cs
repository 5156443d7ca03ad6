using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
#if (HasSample)
using ScalableBackend.Shared.Idempotency;
#endif
using ScalableBackend.Shared.Scheduling;

namespace ScalableBackend.Worker.Maintenance;

/// <summary>Deletes rows whose retention has expired.</summary>
#if (HasSample)
internal sealed class RetentionJob(AppDbContext db, IConfiguration configuration, TimeProvider clock) : IRecurringJob
#else
internal sealed class RetentionJob(AppDbContext db, TimeProvider clock) : IRecurringJob
#endif
{
#if (HasPostgres)
    // Longer than daily partitions are kept, so only rows of the default partition are deleted one by one.
    private static readonly TimeSpan InboxRetention = TimeSpan.FromDays(9);
#else
    // Longer than any message can still be in flight.
    private static readonly TimeSpan InboxRetention = TimeSpan.FromDays(7);
#endif

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var oldestId = Guid.CreateVersion7(now - InboxRetention);
        // A delayed or replayed message has an old id, although it may just have been handled; so both must be expired.
        await db.InboxMessages
            .Where(message => message.MessageId < oldestId && message.HandledAt < now - InboxRetention)
            .ExecuteDeleteAsync(cancellationToken);
#if (HasSample)
        var oldestRecord = now - IdempotencyRecord.GetLifetime(configuration);
        await db.IdempotencyRecords.Where(record => record.CreatedAt < oldestRecord).ExecuteDeleteAsync(cancellationToken);
#endif
    }
}
