using System.Net;

namespace Shop.Api.LoadShedding;

/// <summary>
/// A bulkhead: limits how many requests run concurrently, how many wait for a permit, and for how long. Waiting requests are served
/// first in, first out. If the queue is full, a burst rejects the newest request; sustained overload rejects the one that has waited
/// longest, so that the wait of the others becomes shorter, not longer.
/// </summary>
internal sealed class LoadShedder(int maxConcurrency, LoadSheddingOptions options)
{
    // While the oldest request has waited for less than this, the newest is rejected, which is cheaper.
    private const int MaxBurstMilliseconds = 10;

    private readonly int _maxPerClient = Math.Max(1, (int)Math.Ceiling(maxConcurrency * options.MaxSharePerClient));
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _running = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private int _free = maxConcurrency;

    /// <summary>
    /// Waits for a permit. A request whose client has disconnected keeps its place in the queue; the caller checks its cancellation token
    /// afterwards.
    /// </summary>
    /// <returns>The permit, which is released by disposing it when the request is done; null if the request is rejected.</returns>
    public async ValueTask<IDisposable?> AcquireAsync(IPAddress client)
    {
        LinkedListNode<Waiter> waiter;
        lock (_gate)
        {
            if (TryStart(client))
            {
                return new Permit(this, client);
            }

            var now = Environment.TickCount64;
            if (_waiting.Count >= options.MaxQueueLength)
            {
                if (_waiting.First is not { } oldest || now - oldest.Value.Since < MaxBurstMilliseconds)
                {
                    return null;
                }

                _waiting.Remove(oldest);
                oldest.Value.Turn.SetResult(null);
            }

            // Otherwise the continuation would run inside the request that releases the permit.
            waiter = _waiting.AddLast(new Waiter(client, now, new(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        try
        {
            return await waiter.Value.Turn.Task.WaitAsync(options.MaxQueueTime);
        }
        catch (TimeoutException)
        {
            lock (_gate)
            {
                if (waiter.List is not null)
                {
                    _waiting.Remove(waiter);
                    return null;
                }
            }

            return await waiter.Value.Turn.Task;
        }
    }

    private bool TryStart(IPAddress client)
    {
        var running = _running.GetValueOrDefault(client);
        if (_free == 0 || running >= _maxPerClient)
        {
            return false;
        }

        _free--;
        _running[client] = running + 1;
        return true;
    }

    private void Release(IPAddress client)
    {
        lock (_gate)
        {
            _free++;
            if (--_running[client] == 0)
            {
                _running.Remove(client);
            }

            for (var waiter = _waiting.First; waiter is not null; waiter = waiter.Next)
            {
                if (TryStart(waiter.Value.Client))
                {
                    _waiting.Remove(waiter);
                    waiter.Value.Turn.SetResult(new Permit(this, waiter.Value.Client));
                    return;
                }
            }
        }
    }

    private readonly record struct Waiter(IPAddress Client, long Since, TaskCompletionSource<IDisposable?> Turn);

    private sealed class Permit(LoadShedder shedder, IPAddress client) : IDisposable
    {
        public void Dispose() => shedder.Release(client);
    }
}
