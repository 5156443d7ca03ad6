using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Due messages that are claimed for this relay. Claims are kept in memory, as a single process owns the database file.</summary>
internal sealed class OutboxClaim(AppDbContext db, IReadOnlyList<OutboxMessage> messages) : IAsyncDisposable
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static readonly HashSet<Guid> Claimed = [];

    public IReadOnlyList<OutboxMessage> Messages => messages;

    public static async Task<OutboxClaim> TakeAsync(
        AppDbContext db, int count, DateTimeOffset from, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        try
        {
            var claimed = Claimed.ToList();
            var messages = await db.OutboxMessages.AsNoTracking()
                .Where(message => message.DueAt >= from && message.DueAt <= now && !claimed.Contains(message.Id))
                .OrderBy(message => message.DueAt)
                .Take(count)
                .ToListAsync(cancellationToken);
            Claimed.UnionWith(messages.Select(message => message.Id));
            return new OutboxClaim(db, messages);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Deletes the sent messages, saves when to retry the postponed ones, and releases the others.</summary>
    public async Task CompleteAsync(
        IEnumerable<OutboxMessage> sent, IEnumerable<OutboxMessage> postponed, CancellationToken cancellationToken)
    {
        db.RemoveRange(sent);
        db.UpdateRange(postponed);
        await db.SaveChangesAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Gate.WaitAsync();
        Claimed.ExceptWith(messages.Select(message => message.Id));
        Gate.Release();
    }
}
