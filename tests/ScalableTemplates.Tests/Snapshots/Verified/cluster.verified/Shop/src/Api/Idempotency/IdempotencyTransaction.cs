using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Shop.Shared.Data;
using Shop.Shared.Idempotency;

namespace Shop.Api.Idempotency;

/// <summary>A transaction with an exclusive lock on an idempotency key. The advisory lock ends with the transaction, so a crash releases it immediately.</summary>
internal sealed class IdempotencyTransaction : IAsyncDisposable
{
    // One round trip for the lock and the record. The record is read just before the lock is taken; if another request commits in
    // between, the primary key rejects this one.
    private const string LockAndFind = """
        SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)),
            fingerprint, status_code, location, content_type, body, created_at
        FROM (VALUES (true)) AS always
        LEFT JOIN idempotency_records ON customer_id = $1 AND key = $2
        """;

    private readonly AppDbContext _db;
    private readonly IDbContextTransaction _transaction;

    private IdempotencyTransaction(AppDbContext db, IDbContextTransaction transaction, bool hasLock, IdempotencyRecord? existing)
    {
        _db = db;
        _transaction = transaction;
        HasLock = hasLock;
        Existing = existing;
    }

    /// <summary>False if another request with this key is in progress.</summary>
    public bool HasLock { get; }

    /// <summary>The response to an earlier request with this key.</summary>
    public IdempotencyRecord? Existing { get; }

    public static async Task<IdempotencyTransaction> BeginAsync(AppDbContext db, string customerId, string key, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            // Bypasses EF Core, which would rebuild the command for each request.
            await using var command = new NpgsqlCommand(LockAndFind, (NpgsqlConnection)db.Database.GetDbConnection());
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = customerId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return new IdempotencyTransaction(db, transaction, reader.GetBoolean(0), reader.IsDBNull(1) ? null : Read(reader, customerId, key));
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves the changes and commits.</summary>
    /// <returns>False, with nothing saved, if another request with this key has committed meanwhile.</returns>
    public async Task<bool> TrySaveAndCommitAsync(CancellationToken cancellationToken)
    {
        // Without a savepoint: there is nothing to roll back to, and a connection that is lost while a savepoint is released fails
        // the commit in a way that is not recognized as transient. Changes need not be accepted, as the context is not used again.
        _db.Database.AutoSavepointsEnabled = false;
        try
        {
            await _db.SaveChangesAsync(acceptAllChangesOnSuccess: false, cancellationToken);
        }
        catch (DbUpdateException exception) when (
            exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "idempotency_records" })
        {
            return false;
        }

        await _transaction.CommitAsync(cancellationToken);
        return true;
    }

    public ValueTask DisposeAsync() => _transaction.DisposeAsync();

    private static IdempotencyRecord Read(NpgsqlDataReader reader, string customerId, string key) => new()
    {
        CustomerId = customerId,
        Key = key,
        Fingerprint = reader.GetFieldValue<byte[]>(1),
        StatusCode = reader.GetInt32(2),
        Location = reader.IsDBNull(3) ? null : reader.GetString(3),
        ContentType = reader.IsDBNull(4) ? null : reader.GetString(4),
        Body = reader.GetFieldValue<byte[]>(5),
        CreatedAt = reader.GetFieldValue<DateTimeOffset>(6),
    };
}
