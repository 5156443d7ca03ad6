using System.Data.Common;
using NpgsqlTypes;
using Shop.Shared.Data;

namespace Shop.Api.Replica;

/// <summary>Selects the context of a scope: one for the primary, unless the scope is a read-only request.</summary>
internal sealed class RequestDatabase(ContextPools pools, StandbyMonitor monitor, TimeProvider clock) : IDisposable
{
    // A standby usually catches up within these delays; otherwise, reading from the primary is faster.
    private static readonly TimeSpan[] ReplayDelays = [TimeSpan.Zero, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(8)];

    private AppDbContext? _standby;
    private bool _isReadOnly;
    private string? _fallbackReason;

    /// <summary>An LSN past all commits of the scope; null if the scope has not opened a connection.</summary>
    public NpgsqlLogSequenceNumber? FlushLsn { get; set; }

    /// <summary>Selects the standby if it is available and replays the position of <paramref name="token"/> within a few milliseconds.</summary>
    public async Task PreferStandbyAsync(ConsistencyToken? token, CancellationToken cancellationToken)
    {
        _isReadOnly = true;
        _fallbackReason = token?.Lsn == ConsistencyToken.Unknown ? "behind" : monitor.FallbackReason;
        if (_fallbackReason is null)
        {
            _standby = pools.RentForStandby();
            if (token is { } required && !await HasReplayedAsync(_standby, required, cancellationToken))
            {
                Dispose();
                _fallbackReason = "behind";
            }
        }
    }

    /// <summary>Returns the context and transfers its ownership to the scope.</summary>
    public AppDbContext TakeContext()
    {
        if (_isReadOnly)
        {
            ReplicaTelemetry.RecordRead(_fallbackReason);
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
            foreach (var delay in ReplayDelays)
            {
                await Task.Delay(delay, clock, cancellationToken);
                if (await standby.HasReplayedAsync(token.Lsn, cancellationToken))
                {
                    return true;
                }
            }
        }
        catch (DbException)
        {
            // The standby has just gone down; the monitor will detect it.
        }

        return false;
    }
}
