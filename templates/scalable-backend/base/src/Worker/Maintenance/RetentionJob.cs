using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
#if (HasSample)
using ScalableBackend.Shared.Idempotency;
#endif
using ScalableBackend.Shared.Scheduling;

namespace ScalableBackend.Worker.Maintenance;

/// <summary>Forgets what has served its time.</summary>
#if (HasSample)
internal sealed class RetentionJob(AppDbContext db, IConfiguration configuration, TimeProvider clock) : IRecurringJob
#else
internal sealed class RetentionJob(AppDbContext db, TimeProvider clock) : IRecurringJob
#endif
{
#if (HasPostgres)
    // What lies in a partition of a day is gone with it before that.
    private static readonly TimeSpan KeepInbox = TimeSpan.FromDays(9);
#else
    // Longer than any message can still be under way.
    private static readonly TimeSpan KeepInbox = TimeSpan.FromDays(7);
#endif

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var oldest = Guid.CreateVersion7(now - KeepInbox);
        // A message that was scheduled or replayed late is old by its id, and has only just been handled.
        await db.InboxMessages
            .Where(message => message.MessageId < oldest && message.HandledAt < now - KeepInbox)
            .ExecuteDeleteAsync(cancellationToken);
#if (HasSample)
        var oldestKey = now - IdempotencyRecord.GetLifetime(configuration);
        await db.IdempotencyRecords.Where(key => key.CreatedAt < oldestKey).ExecuteDeleteAsync(cancellationToken);
#endif
    }
}
