using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ScalableBackend.Core.Messaging;

/// <summary>Wakes the relay of this process as soon as messages are saved.</summary>
internal sealed class OutboxSignal : SaveChangesInterceptor, IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);

    public Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _signal.WaitAsync(timeout, cancellationToken);

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
        if (eventData.Context?.ChangeTracker.Entries<OutboxMessage>().Any() is true)
        {
            Set();
        }

        return new(result);
    }

    public void Dispose() => _signal.Dispose();
}
