using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Idempotency;

namespace ScalableBackend.Api.Idempotency;

/// <summary>The right to answer the request with a key. It is a lock of the transaction, so a crash gives it back at once.</summary>
internal sealed class IdempotencyClaim : IAsyncDisposable
{
    private readonly AppDbContext _db;
    private readonly IDbContextTransaction _transaction;

    private IdempotencyClaim(AppDbContext db, IDbContextTransaction transaction, Row row, string customerId, string key)
    {
        _db = db;
        _transaction = transaction;
        IsTaken = row.IsTaken;
        Earlier = row.CreatedAt is null ? null : new IdempotencyKey
        {
            CustomerId = customerId,
            Key = key,
            Fingerprint = row.Fingerprint!,
            StatusCode = row.StatusCode!.Value,
            Location = row.Location,
            ContentType = row.ContentType,
            Body = row.Body!,
            CreatedAt = row.CreatedAt.Value,
        };
    }

    /// <summary>False: another request with this key is under way.</summary>
    public bool IsTaken { get; }

    public IdempotencyKey? Earlier { get; }

    // One round trip for both. So the row is as of just before the lock; where that was too early, the primary key stops the request.
    public static async Task<IdempotencyClaim> TryTakeAsync(AppDbContext db, string customerId, string key, CancellationToken cancellationToken)
    {
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            var rows = await db.Database
                .SqlQuery<Row>($"""
                    SELECT pg_try_advisory_xact_lock(hashtextextended({$"{customerId} {key}"}, 0)) AS is_taken,
                        fingerprint, status_code, location, content_type, body, created_at
                    FROM (VALUES (true)) AS always
                    LEFT JOIN idempotency_keys ON customer_id = {customerId} AND key = {key}
                    """)
                .ToListAsync(cancellationToken);
            return new IdempotencyClaim(db, transaction, rows[0], customerId, key);
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
        // that does not look like a lost connection, so it would not be tried again.
        _db.Database.AutoSavepointsEnabled = false;
        try
        {
            await _db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (
            exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "idempotency_keys" })
        {
            return false;
        }

        await _transaction.CommitAsync(cancellationToken);
        return true;
    }

    public ValueTask DisposeAsync() => _transaction.DisposeAsync();

    private sealed record Row(
        bool IsTaken, byte[]? Fingerprint, int? StatusCode, string? Location, string? ContentType, byte[]? Body, DateTimeOffset? CreatedAt);
}
