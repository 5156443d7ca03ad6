using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Due messages that only this relay works on. The row locks are the claim, so a crash gives them back at once.</summary>
internal sealed class OutboxClaim : IAsyncDisposable
{
    private readonly AppDbContext _db;
    private readonly IDbContextTransaction _transaction;

    private OutboxClaim(AppDbContext db, IDbContextTransaction transaction, List<OutboxMessage> messages)
    {
        _db = db;
        _transaction = transaction;
        Messages = messages;
    }

    public IReadOnlyList<OutboxMessage> Messages { get; }

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
        _db.RemoveRange(delivered);
        await _db.SaveChangesAsync(cancellationToken);
        await _transaction.CommitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _transaction.DisposeAsync();
}
