using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ScalableBackend.Shared.Messaging;

/// <summary>Wakes the relay of this process as soon as messages are committed.</summary>
internal sealed class OutboxSignal : SaveChangesInterceptor, IDbTransactionInterceptor, IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);
    private long _from;

    /// <summary>
    /// No message was due before it at the last look. Where a long transaction keeps deleted rows from being vacuumed, a search
    /// that starts here does not read past all of them again.
    /// </summary>
    public DateTimeOffset From
    {
        get => new(Volatile.Read(ref _from), TimeSpan.Zero);
        set => Volatile.Write(ref _from, value.UtcTicks);
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _signal.WaitAsync(cancellationToken);

    public void Set()
    {
        // Set twice at the same moment, it wakes one lane for nothing.
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context?.Database.CurrentTransaction is null)
        {
            SetIfPublished(eventData.Context);
        }

        return new(result);
    }

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        SetIfPublished(eventData.Context);
        return Task.CompletedTask;
    }

    public void Dispose() => _signal.Dispose();

    private void SetIfPublished(DbContext? db)
    {
        if (db?.ChangeTracker.Entries<OutboxMessage>().Any() is true)
        {
            Set();
        }
    }
}
