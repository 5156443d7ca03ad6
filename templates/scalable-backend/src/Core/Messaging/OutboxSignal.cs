using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ScalableBackend.Core.Messaging;

/// <summary>Wakes the relay of this process as soon as a transaction with messages is committed.</summary>
internal sealed class OutboxSignal : SaveChangesInterceptor, IDbTransactionInterceptor, IDisposable
{
    private readonly SemaphoreSlim _signal = new(0, 1);

    /// <returns>True if woken, false if <paramref name="timeout"/> ran out.</returns>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _signal.WaitAsync(timeout, cancellationToken);

    public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is { Database.CurrentTransaction: null } context && context.ChangeTracker.Entries<OutboxMessage>().Any())
        {
            Set();
        }

        return new(result);
    }

    Task IDbTransactionInterceptor.TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        if (eventData.Context?.ChangeTracker.Entries<OutboxMessage>().Any() is true)
        {
            Set();
        }

        return Task.CompletedTask;
    }

    public void Dispose() => _signal.Dispose();

    public void Set()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already set: one wake-up serves both.
        }
    }
}
