using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Due messages that only this relay works on. One process owns the file, so its memory is the claim and ends with it.</summary>
internal sealed class OutboxClaim : IAsyncDisposable
{
    private static readonly SemaphoreSlim Taking = new(1, 1);
    private static readonly HashSet<Guid> Taken = [];

    private readonly AppDbContext _db;

    private OutboxClaim(AppDbContext db, List<OutboxMessage> messages)
    {
        _db = db;
        Messages = messages;
    }

    public IReadOnlyList<OutboxMessage> Messages { get; }

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
        _db.RemoveRange(delivered);
        return _db.SaveChangesAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Taking.WaitAsync();
        Taken.ExceptWith(Messages.Select(message => message.Id));
        Taking.Release();
    }
}
