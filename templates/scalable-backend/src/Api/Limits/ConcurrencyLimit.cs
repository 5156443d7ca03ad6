using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Api.Limits;

/// <summary>
/// Lets so many requests go on at the same time, and some more wait. In a burst, who came first is served first; if it does not
/// end, the one that has waited longest gives way to the newest. So with more load the wait gets shorter, not longer.
/// </summary>
internal sealed class ConcurrencyLimit(int permits, int queue)
{
    // Until then it is the newest that is turned away, which costs less.
    private const int PatienceInMilliseconds = 10;

    private readonly int _permits = permits > 0 ? permits : throw new ConfigurationException("Limits:Reads and Limits:Writes have to be 1 at least.");
    private readonly int _queue = queue >= 0 ? queue : throw new ConfigurationException("Limits:Queue has to be 0 at least.");
    private readonly Lock _gate = new();
    private readonly Queue<(long Since, TaskCompletionSource<IDisposable?> Turn)> _waiting = [];
    private int _taken;

    /// <summary>Cannot be cancelled: a request whose client has left gets its turn, too, and ends at the first that looks at its token.</summary>
    /// <returns>A permit, to be disposed of when the request is done; null if it is turned away.</returns>
    public ValueTask<IDisposable?> AcquireAsync()
    {
        lock (_gate)
        {
            if (_taken < _permits)
            {
                _taken++;
                return new(new Permit(this));
            }

            var now = Environment.TickCount64;
            if (_waiting.Count >= _queue)
            {
                if (_queue == 0 || now - _waiting.Peek().Since < PatienceInMilliseconds)
                {
                    return default;
                }

                _waiting.Dequeue().Turn.SetResult(null);
            }

            // Whoever waits goes on by itself, not within the request that lets it.
            var turn = new TaskCompletionSource<IDisposable?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((now, turn));
            return new(turn.Task);
        }
    }

    private sealed class Permit(ConcurrencyLimit limit) : IDisposable
    {
        public void Dispose()
        {
            lock (limit._gate)
            {
                if (limit._waiting.TryDequeue(out var next))
                {
                    next.Turn.SetResult(this);
                }
                else
                {
                    limit._taken--;
                }
            }
        }
    }
}
