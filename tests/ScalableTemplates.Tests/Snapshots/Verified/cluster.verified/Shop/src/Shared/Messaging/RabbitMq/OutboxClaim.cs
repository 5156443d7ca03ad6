using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Due messages that are locked for this relay. The row locks are the claim, so a crash releases them immediately.</summary>
internal sealed class OutboxClaim(AppDbContext db, IDbContextTransaction transaction, IReadOnlyList<OutboxMessage> messages) : IAsyncDisposable
{
    private const string LockSql = """
        SELECT id, type, body, headers, created_at, due_at, attempts, error
        FROM outbox_messages WHERE due_at BETWEEN $1 AND $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
        """;

    public IReadOnlyList<OutboxMessage> Messages => messages;

    public static async Task<OutboxClaim> TakeAsync(
        AppDbContext db, int count, DateTimeOffset from, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            return new OutboxClaim(db, transaction, await LockAsync(db, count, from, now, cancellationToken));
        }
        catch
        {
            // Otherwise a retry with this context would find a transaction in progress.
            await transaction.DisposeAsync();
            throw;
        }
    }

    /// <summary>Deletes the sent messages, saves when to retry the postponed ones, and releases the others.</summary>
    public async Task CompleteAsync(
        IEnumerable<OutboxMessage> sent, IEnumerable<OutboxMessage> postponed, CancellationToken cancellationToken)
    {
        var ids = sent.Select(message => message.Id).ToArray();
        await db.Database.ExecuteSqlAsync($"DELETE FROM outbox_messages WHERE id = ANY({ids})", cancellationToken);
        db.UpdateRange(postponed);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => transaction.DisposeAsync();

    private static async Task<List<OutboxMessage>> LockAsync(
        AppDbContext db, int count, DateTimeOffset from, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Bypasses EF Core, which would rebuild the command for each batch.
        await using var command = new NpgsqlCommand(LockSql, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var messages = new List<OutboxMessage>();
        while (await reader.ReadAsync(cancellationToken))
        {
            messages.Add(Read(reader));
        }

        return messages;
    }

    private static OutboxMessage Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        Type = reader.GetString(1),
        Body = reader.GetString(2),
        Headers = reader.IsDBNull(3) ? null : reader.GetString(3),
        CreatedAt = reader.GetFieldValue<DateTimeOffset>(4),
        DueAt = reader.GetFieldValue<DateTimeOffset>(5),
        Attempts = reader.GetInt32(6),
        Error = reader.IsDBNull(7) ? null : reader.GetString(7),
    };
}
