using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using NpgsqlTypes;

namespace Shop.Api.Replica;

/// <summary>Monitors in the background whether the standby is up and how far it lags, so that no request has to check.</summary>
internal sealed class StandbyMonitor(NpgsqlMultiHostDataSource servers, TimeProvider clock) : BackgroundService, IHealthCheck
{
    private const string Down = "down";
    private const string Lagging = "lagging";

    // The maximum staleness of reads without a token. The lag may be measured as up to twice its actual length, but never as shorter.
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private (NpgsqlLogSequenceNumber Lsn, long At)? _target;
    private long? _caughtUpAt;
    private volatile string? _fallbackReason = Down;

    /// <summary>Why reads go to the primary; null if they may go to the standby.</summary>
    public string? FallbackReason => _fallbackReason;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Determined before the first request. A standby that has not replayed the latest commits yet gets a moment to catch up.
        await CheckAsync(cancellationToken);
        for (var attempt = 0; _fallbackReason == Lagging && attempt < 10; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
            await CheckAsync(cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_fallbackReason is { } reason
            ? new HealthCheckResult(context.Registration.FailureStatus, $"The standby is {reason}; all reads go to the primary.")
            : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await CheckAsync(stoppingToken);
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetTimestamp();
        // If the primary does not respond in time, the position that the standby has received is up to date as long as it is connected.
        var flushed = await TryGetLsnAsync(TargetSessionAttributes.Primary, WriteAheadLog.FlushLsnQuery, cancellationToken)
            ?? await TryGetLsnAsync(TargetSessionAttributes.Standby, WriteAheadLog.ReceiveLsnQuery, cancellationToken);
        var replayed = await TryGetLsnAsync(TargetSessionAttributes.Standby, WriteAheadLog.ReplayLsnQuery, cancellationToken);
        if (flushed is { } lsn)
        {
            // What a hanging primary has not sent never arrives: an earlier target past the received position is out of reach.
            if (_target is null || _target.Value.Lsn > lsn)
            {
                _target = (lsn, now);
            }

            if (replayed >= _target.Value.Lsn)
            {
                _caughtUpAt = _target.Value.At;
                _target = null;
            }
        }
        else if (_fallbackReason is null)
        {
            // Neither this process nor the standby reaches the primary: it is down and commits nothing that the standby could miss.
            _caughtUpAt = now;
        }

        if (replayed is null)
        {
            // Connections to a standby that was promoted would hide the standby that replaces it at the same address.
            servers.Clear();
        }

        TimeSpan? lag = _caughtUpAt is { } caughtUpAt ? clock.GetElapsedTime(caughtUpAt) : null;
        ReplicaTelemetry.RecordLag(lag);
        _fallbackReason = replayed is null ? Down : lag <= MaxLag ? null : Lagging;
    }

    private async Task<NpgsqlLogSequenceNumber?> TryGetLsnAsync(TargetSessionAttributes server, string query, CancellationToken cancellationToken)
    {
        try
        {
            // A query to a hanging server cannot be cancelled; it is abandoned and ends with its own timeouts.
            return await GetLsnAsync(server, query).WaitAsync(Timeout, clock, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<NpgsqlLogSequenceNumber?> GetLsnAsync(TargetSessionAttributes server, string query)
    {
        await using var command = servers.WithTargetSession(server).CreateCommand(query);
        return await command.ExecuteScalarAsync() as NpgsqlLogSequenceNumber?;
    }
}
