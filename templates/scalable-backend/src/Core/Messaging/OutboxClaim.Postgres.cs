using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Due messages that only this relay works on. The row locks are the claim, so a crash gives them back at once.</summary>
internal sealed class OutboxClaim(AppDbContext db, IDbContextTransaction transaction, IReadOnlyList<OutboxMessage> messages) : IAsyncDisposable
{
    public IReadOnlyList<OutboxMessage> Messages => messages;

    public static async Task<OutboxClaim> TakeAsync(AppDbContext db, int count, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var messages = await db.OutboxMessages
            .FromSql($"SELECT * FROM outbox_messages WHERE due_at <= {now} ORDER BY due_at LIMIT {count} FOR UPDATE SKIP LOCKED")
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        return new OutboxClaim(db, transaction, messages);
    }

    /// <summary>Deletes the delivered messages and saves when to try the postponed ones again; what is in neither is free again.</summary>
    public async Task CompleteAsync(
        IEnumerable<OutboxMessage> delivered, IEnumerable<OutboxMessage> postponed, CancellationToken cancellationToken)
    {
        var ids = delivered.Select(message => message.Id).ToList();
        await db.OutboxMessages.Where(message => ids.Contains(message.Id)).ExecuteDeleteAsync(cancellationToken);
        db.UpdateRange(postponed);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => transaction.DisposeAsync();
}
