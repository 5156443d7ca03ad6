using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Due messages that only this relay works on. One process owns the file, so its memory is the claim and ends with it.</summary>
internal sealed class OutboxClaim(AppDbContext db, IReadOnlyList<OutboxMessage> messages) : IAsyncDisposable
{
    private static readonly SemaphoreSlim Taking = new(1, 1);
    private static readonly HashSet<Guid> Taken = [];

    public IReadOnlyList<OutboxMessage> Messages => messages;

    public static async Task<OutboxClaim> TakeAsync(
        AppDbContext db, int count, DateTimeOffset from, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Taking.WaitAsync(cancellationToken);
        try
        {
            var taken = Taken.ToList();
            var messages = await db.OutboxMessages.AsNoTracking()
                .Where(message => message.DueAt >= from && message.DueAt <= now && !taken.Contains(message.Id))
                .OrderBy(message => message.DueAt)
                .Take(count)
                .ToListAsync(cancellationToken);
            Taken.UnionWith(messages.Select(message => message.Id));
            return new OutboxClaim(db, messages);
        }
        finally
        {
            Taking.Release();
        }
    }

    /// <summary>Deletes the delivered messages and saves when to try the postponed ones again; what is in neither is free again.</summary>
    public async Task CompleteAsync(
        IEnumerable<OutboxMessage> delivered, IEnumerable<OutboxMessage> postponed, CancellationToken cancellationToken)
    {
        db.RemoveRange(delivered);
        db.UpdateRange(postponed);
        await db.SaveChangesAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Taking.WaitAsync();
        Taken.ExceptWith(messages.Select(message => message.Id));
        Taking.Release();
    }
}
