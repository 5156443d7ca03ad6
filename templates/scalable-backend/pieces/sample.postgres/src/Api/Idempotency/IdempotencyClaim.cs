using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Idempotency;

namespace ScalableBackend.Api.Idempotency;

/// <summary>The right to answer the request with a key. It is a lock of the transaction, so a crash gives it back at once.</summary>
internal sealed class IdempotencyClaim : IAsyncDisposable
{
    // One round trip for both. So the row is as of just before the lock; where that was too early, the primary key stops the request.
    private const string Take = """
        SELECT pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)),
            fingerprint, status_code, location, content_type, body, created_at
        FROM (VALUES (true)) AS always
        LEFT JOIN idempotency_records ON customer_id = $1 AND key = $2
        """;

    private readonly AppDbContext _db;
    private readonly IDbContextTransaction _transaction;

    private IdempotencyClaim(AppDbContext db, IDbContextTransaction transaction, bool isTaken, IdempotencyRecord? earlier)
    {
        _db = db;
        _transaction = transaction;
        IsTaken = isTaken;
        Earlier = earlier;
    }

    /// <summary>False: another request with this key is under way.</summary>
    public bool IsTaken { get; }

    public IdempotencyRecord? Earlier { get; }

    public static async Task<IdempotencyClaim> TryTakeAsync(AppDbContext db, string customerId, string key, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            // Past EF, which would make the statement anew for each request.
            await using var command = new NpgsqlCommand(Take, (NpgsqlConnection)db.Database.GetDbConnection());
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = customerId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return new IdempotencyClaim(db, transaction, reader.GetBoolean(0), reader.IsDBNull(1) ? null : Read(reader, customerId, key));
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves and commits. False, with nothing saved: another request with this key was quicker.</summary>
    public async Task<bool> TryCompleteAsync(CancellationToken cancellationToken)
    {
        // There is nothing to go back to. And where a connection ends while a savepoint is released, the commit fails in a way
        // that does not look like a lost connection, so it would not be tried again. Nor does it matter what the context takes
        // for saved, as it is not used again.
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
