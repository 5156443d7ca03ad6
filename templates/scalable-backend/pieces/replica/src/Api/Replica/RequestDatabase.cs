using System.Data.Common;
using NpgsqlTypes;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Api.Replica;

/// <summary>Chooses the context of a scope: for the primary, unless the scope is a request that only reads.</summary>
internal sealed class RequestDatabase(ContextPools pools, StandbyMonitor monitor, TimeProvider clock) : IDisposable
{
    // A standby that needs longer is out of the ordinary, and the primary answers sooner.
    private static readonly TimeSpan[] Waits = [TimeSpan.Zero, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(8)];

    private AppDbContext? _standby;
    private bool _isRead;
    private string? _obstacle;

    /// <summary>Past everything that the scope has saved; null if it has not opened a connection.</summary>
    public NpgsqlLogSequenceNumber? SavedPosition { get; set; }

    /// <summary>Prefers the standby if it is up and has, or is about to have, the state that <paramref name="token"/> stands for.</summary>
    public async Task PreferStandbyAsync(ConsistencyToken? token, CancellationToken cancellationToken)
    {
        _isRead = true;
        _obstacle = token?.Position == ConsistencyToken.Unknown ? "behind" : monitor.Obstacle;
        if (_obstacle is null)
        {
            _standby = pools.RentForStandby();
            if (token is { } wanted && !await HasReplayedAsync(_standby, wanted, cancellationToken))
            {
                Dispose();
                _obstacle = "behind";
            }
        }
    }

    /// <summary>The context, which belongs to the scope from now on.</summary>
    public AppDbContext TakeContext()
    {
        if (_isRead)
        {
            ReplicaTelemetry.Read(_obstacle);
        }

        var context = _standby ?? pools.RentForPrimary();
        _standby = null;
        return context;
    }

    public void Dispose()
    {
        _standby?.Dispose();
        _standby = null;
    }

    private async Task<bool> HasReplayedAsync(AppDbContext standby, ConsistencyToken token, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var wait in Waits)
            {
                await Task.Delay(wait, clock, cancellationToken);
                if (await standby.HasReplayedAsync(token.Position, cancellationToken))
                {
                    return true;
                }
            }
        }
        catch (DbException)
        {
            // It went down just now; the monitor will notice.
        }

        return false;
    }
}
