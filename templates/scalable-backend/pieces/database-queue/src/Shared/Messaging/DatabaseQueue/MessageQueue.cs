using Microsoft.EntityFrameworkCore;
#if (HasSqlite)
using System.Text.Json;
#endif
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.DatabaseQueue;

/// <summary>
/// The outbox as a queue. A claim is a lease: it moves the due time of a message ahead, so the message comes again by itself if
/// the process that claimed it dies. No connection is held meanwhile.
/// </summary>
internal sealed class MessageQueue(IServiceScopeFactory scopes, IEnumerable<HandlerRegistration> handlers, TimeProvider clock)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    // Messages for handlers that this process does not have are left for processes of another version.
    private readonly string[] _types = [.. handlers.Select(handler => handler.MessageType).Distinct()];
    private readonly string[] _consumers = [.. handlers.Select(handler => handler.Consumer)];

    /// <summary>Claims due messages. It writes, so it fails while the database is read-only or full, before any handler has run.</summary>
    public async Task<List<OutboxMessage>> ClaimAsync(int count, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
#if (HasPostgres)
        var claimed = db.OutboxMessages.FromSql($"""
            UPDATE outbox_messages SET due_at = {now + Lease}
            WHERE id = ANY(ARRAY(
                SELECT id FROM outbox_messages
                WHERE due_at <= {now} AND (consumer = ANY({_consumers}) OR (consumer IS NULL AND type = ANY({_types})))
                ORDER BY due_at LIMIT {count} FOR UPDATE SKIP LOCKED))
            RETURNING *
            """);
#else
        var claimed = db.OutboxMessages.FromSql($"""
            UPDATE outbox_messages SET due_at = {(now + Lease).UtcTicks}
            WHERE id IN (
                SELECT id FROM outbox_messages
                WHERE due_at <= {now.UtcTicks} AND (consumer IN (SELECT value FROM json_each({JsonSerializer.Serialize(_consumers)}))
                    OR (consumer IS NULL AND type IN (SELECT value FROM json_each({JsonSerializer.Serialize(_types)}))))
                ORDER BY due_at LIMIT {count})
            RETURNING *
            """);
#endif
        return await claimed.AsNoTracking().ToListAsync(cancellationToken);
    }

    /// <summary>Finds the types of messages that have waited for longer than others wait, as no handler of this process takes them.</summary>
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

    /// <summary>Deletes the message and, in the same transaction, keeps what is left of it: a message for each handler that failed.</summary>
    public async Task CompleteAsync(OutboxMessage message, IEnumerable<OutboxMessage> rest, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        db.Remove(message);
        db.AddRange(rest);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // The lease had ended, and another process has completed it.
        }
    }

    /// <summary>Moves the end of leases: ahead for messages still worked on, near for messages that are given back.</summary>
    public async Task MoveLeaseAsync(IEnumerable<Guid> ids, TimeSpan fromNow, CancellationToken cancellationToken)
    {
        var end = clock.GetUtcNow() + fromNow;
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<AppDbContext>().OutboxMessages
            .Where(message => ids.Contains(message.Id))
            .ExecuteUpdateAsync(update => update.SetProperty(message => message.DueAt, end), cancellationToken);
    }
}
