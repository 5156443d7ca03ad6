using Microsoft.EntityFrameworkCore;
using System.Text.Json;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.DatabaseQueue;

/// <summary>
/// The outbox as a queue. A claim is a lease: it pushes the due time of a message into the future, so the message is claimed again
/// if the process that holds it dies. Handling a message needs no open connection or transaction.
/// </summary>
internal sealed class MessageQueue(IServiceScopeFactory scopes, IEnumerable<HandlerRegistration> handlers, TimeProvider clock)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    // Messages for handlers that this process does not have are left to processes of another version.
    private readonly string[] _types = [.. handlers.Select(handler => handler.MessageType).Distinct()];
    private readonly string[] _consumers = [.. handlers.Select(handler => handler.Consumer)];

    /// <summary>Claims due messages. As a write, it fails before any handler runs while the database is read-only or full.</summary>
    public async Task<List<OutboxMessage>> ClaimAsync(int count, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var claimed = db.OutboxMessages.FromSql($"""
            UPDATE outbox_messages SET due_at = {(now + Lease).UtcTicks}
            WHERE id IN (
                SELECT id FROM outbox_messages
                WHERE due_at <= {now.UtcTicks} AND (consumer IN (SELECT value FROM json_each({JsonSerializer.Serialize(_consumers)}))
                    OR (consumer IS NULL AND type IN (SELECT value FROM json_each({JsonSerializer.Serialize(_types)}))))
                ORDER BY due_at LIMIT {count})
            RETURNING *
            """);
        return await claimed.AsNoTracking().ToListAsync(cancellationToken);
    }

    /// <summary>Returns the types of overdue messages that this process has no handler for.</summary>
    public async Task<List<string>> FindUnhandledAsync(CancellationToken cancellationToken)
    {
        var dueBefore = clock.GetUtcNow() - OutboxHealthCheck.MaxLag;
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<AppDbContext>().OutboxMessages
            .Where(message => message.DueAt < dueBefore && !(message.Consumer == null ? _types.Contains(message.Type) : _consumers.Contains(message.Consumer)))
            .Select(message => message.Type)
            .Distinct()
            .ToListAsync(cancellationToken);
    }

    /// <summary>Deletes the message and, in the same transaction, inserts a message for each handler that failed.</summary>
    public async Task CompleteAsync(OutboxMessage message, IEnumerable<OutboxMessage> failed, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        db.Remove(message);
        db.AddRange(failed);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // The lease had expired, and another process has completed the message.
        }
    }

    /// <summary>Sets the end of leases: later for messages that are still handled, sooner for messages that are released.</summary>
    public async Task MoveLeaseAsync(IEnumerable<Guid> ids, TimeSpan fromNow, CancellationToken cancellationToken)
    {
        var end = clock.GetUtcNow() + fromNow;
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<AppDbContext>().OutboxMessages
            .Where(message => ids.Contains(message.Id))
            .ExecuteUpdateAsync(update => update.SetProperty(message => message.DueAt, end), cancellationToken);
    }
}
