using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Idempotency;

namespace ScalableBackend.Api.Idempotency;

/// <summary>The right to answer the request with a key. One process owns the file, so its memory is the claim and ends with it.</summary>
internal sealed class IdempotencyClaim : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<(string CustomerId, string Key), IdempotencyClaim> Claims = new();

    private readonly AppDbContext _db;
    private readonly (string CustomerId, string Key) _id;
    private IDbContextTransaction? _transaction;

    private IdempotencyClaim(AppDbContext db, string customerId, string key)
    {
        _db = db;
        _id = (customerId, key);
        IsTaken = Claims.TryAdd(_id, this);
    }

    /// <summary>False: another request with this key is under way.</summary>
    public bool IsTaken { get; }

    public IdempotencyRecord? Earlier { get; private set; }

    public static async Task<IdempotencyClaim> TryTakeAsync(AppDbContext db, string customerId, string key, CancellationToken cancellationToken)
    {
        var claim = new IdempotencyClaim(db, customerId, key);
        try
        {
            if (claim.IsTaken)
            {
                claim._transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                claim.Earlier = await db.IdempotencyRecords.AsNoTracking()
                    .SingleOrDefaultAsync(row => row.CustomerId == customerId && row.Key == key, cancellationToken);
            }

            return claim;
        }
        catch
        {
            await claim.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves and commits. It always can, as nobody else has had the claim meanwhile.</summary>
    public async Task<bool> TryCompleteAsync(CancellationToken cancellationToken)
    {
        // The context is not used again, so it need not take note of what is saved.
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

        if (IsTaken)
        {
            Claims.TryRemove(_id, out _);
        }
    }
}
