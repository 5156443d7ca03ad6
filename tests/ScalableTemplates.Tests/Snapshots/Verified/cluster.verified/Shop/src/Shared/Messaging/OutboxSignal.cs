using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Shop.Shared.Messaging;

/// <summary>Wakes the background service that sends or handles messages in this process when messages are committed.</summary>
internal sealed class OutboxSignal : SaveChangesInterceptor, IDbTransactionInterceptor, IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);
    private long _from;

    /// <summary>
    /// The lower bound for the due time of messages, as of the last poll. While a long transaction keeps vacuum from removing deleted
    /// rows, queries with this bound do not read all of them again.
    /// </summary>
    public DateTimeOffset From
    {
        get => new(Volatile.Read(ref _from), TimeSpan.Zero);
        set => Volatile.Write(ref _from, value.UtcTicks);
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _signal.WaitAsync(cancellationToken);

    public void Set()
    {
        // Two concurrent calls may release twice, which costs one empty query.
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
