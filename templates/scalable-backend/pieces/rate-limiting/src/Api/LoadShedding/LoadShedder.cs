using System.Net;

namespace ScalableBackend.Api.LoadShedding;

/// <summary>
/// A bulkhead: bounds how many requests run at the same time, how many more wait, and for how long. In a burst, the queue is first
/// come, first served; under a lasting overload the request that has waited longest is rejected in favor of the newest. So with
/// more load the wait gets shorter, not longer.
/// </summary>
internal sealed class LoadShedder(int maxConcurrency, LoadSheddingOptions options)
{
    // Until then it is the newest that is rejected, which costs less.
    private const int BurstInMilliseconds = 10;

    private readonly int _maxPerClient = Math.Max(1, (int)Math.Ceiling(maxConcurrency * options.MaxSharePerClient));
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _running = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private int _free = maxConcurrency;

    /// <summary>Not cancelled with the request: one whose client has left gets its turn as well, and ends when it looks at its token.</summary>
    /// <returns>A permit, to be disposed of when the request is done; null if it is rejected.</returns>
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
                if (_waiting.First is not { } oldest || now - oldest.Value.Since < BurstInMilliseconds)
                {
                    return null;
                }

                _waiting.Remove(oldest);
                oldest.Value.Turn.SetResult(null);
            }

            // Continues by itself, not within the request that ends.
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
