using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Shop.Shared.Data;
using Shop.Shared.Idempotency;

namespace Shop.Api.Idempotency;

/// <summary>A transaction with an exclusive lock on an idempotency key. The lock is in memory, as a single process owns the database file.</summary>
internal sealed class IdempotencyTransaction : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<(string CustomerId, string Key), IdempotencyTransaction> Locks = new();

    private readonly AppDbContext _db;
    private readonly (string CustomerId, string Key) _id;
    private IDbContextTransaction? _transaction;

    private IdempotencyTransaction(AppDbContext db, string customerId, string key)
    {
        _db = db;
        _id = (customerId, key);
        HasLock = Locks.TryAdd(_id, this);
    }

    /// <summary>False if another request with this key is in progress.</summary>
    public bool HasLock { get; }

    /// <summary>The response to an earlier request with this key.</summary>
    public IdempotencyRecord? Existing { get; private set; }

    public static async Task<IdempotencyTransaction> BeginAsync(AppDbContext db, string customerId, string key, CancellationToken cancellationToken)
    {
        var result = new IdempotencyTransaction(db, customerId, key);
        try
        {
            if (result.HasLock)
            {
                result._transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                result.Existing = await db.IdempotencyRecords.AsNoTracking()
                    .SingleOrDefaultAsync(row => row.CustomerId == customerId && row.Key == key, cancellationToken);
            }

            return result;
        }
        catch
        {
            await result.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves the changes and commits.</summary>
    /// <returns>True, as the lock excludes other requests with this key.</returns>
    public async Task<bool> TrySaveAndCommitAsync(CancellationToken cancellationToken)
    {
        // Changes need not be accepted, as the context is not used again.
        await _db.SaveChangesAsync(acceptAllChangesOnSuccess: false, cancellationToken);
        await _transaction!.CommitAsync(cancellationToken);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_transaction is not null)
        {
            await _transaction.DisposeAsync();
        }

        if (HasLock)
        {
            Locks.TryRemove(_id, out _);
        }
    }
}
