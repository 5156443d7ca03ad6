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
            .ToListAsync(cancellationToken);
        return new OutboxClaim(db, transaction, messages);
    }

    public async Task CompleteAsync(IEnumerable<OutboxMessage> delivered, CancellationToken cancellationToken)
    {
        db.RemoveRange(delivered);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => transaction.DisposeAsync();
}
