using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Due messages that only this relay works on. One process owns the file, so its memory is the claim and ends with it.</summary>
internal sealed class OutboxClaim(AppDbContext db, IReadOnlyList<OutboxMessage> messages) : IAsyncDisposable
{
    private static readonly SemaphoreSlim Taking = new(1, 1);
    private static readonly HashSet<Guid> Taken = [];

    public IReadOnlyList<OutboxMessage> Messages => messages;

    public static async Task<OutboxClaim> TakeAsync(AppDbContext db, int count, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Taking.WaitAsync(cancellationToken);
        try
        {
            var taken = Taken.ToList();
            var messages = await db.OutboxMessages
                .Where(message => message.DueAt <= now && !taken.Contains(message.Id))
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

    public Task CompleteAsync(IEnumerable<OutboxMessage> delivered, CancellationToken cancellationToken)
    {
        db.RemoveRange(delivered);
        return db.SaveChangesAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Taking.WaitAsync();
        Taken.ExceptWith(messages.Select(message => message.Id));
        Taking.Release();
    }
}
