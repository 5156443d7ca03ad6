using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using NpgsqlTypes;

namespace ScalableBackend.Api.Replica;

/// <summary>Knows at any time whether the standby is up and close behind the primary, so that no request has to ask.</summary>
internal sealed class StandbyMonitor(NpgsqlMultiHostDataSource servers, TimeProvider clock) : BackgroundService, IHealthCheck
{
    private const string Down = "down";
    private const string Lagging = "lagging";

    // How old a state may be that is read without a token. A lag is measured as up to twice as long, never as shorter.
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private (NpgsqlLogSequenceNumber Position, long At)? _awaited;
    private long? _upToDateAt;
    private volatile string? _obstacle = Down;

    /// <summary>Why nobody should read from the standby; null if all may.</summary>
    public string? Obstacle => _obstacle;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Known before the first request comes. What was saved a moment ago may still be on its way.
        await CheckAsync(cancellationToken);
        for (var attempt = 0; _obstacle == Lagging && attempt < 10; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
            await CheckAsync(cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_obstacle is { } obstacle
            ? new HealthCheckResult(context.Registration.FailureStatus, $"The standby is {obstacle}; all reads go to the primary.")
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
        // A primary that is slow still sends what it saves, and the standby knows that for as long as it is connected.
        var saved = await TryAskAsync(TargetSessionAttributes.Primary, WriteAheadLog.SavedPosition, cancellationToken)
            ?? await TryAskAsync(TargetSessionAttributes.Standby, WriteAheadLog.ReceivedPosition, cancellationToken);
        var replayed = await TryAskAsync(TargetSessionAttributes.Standby, WriteAheadLog.ReplayedPosition, cancellationToken);
        if (saved is { } position)
        {
            _awaited ??= (position, now);
            if (replayed >= _awaited.Value.Position)
            {
                _upToDateAt = _awaited.Value.At;
                _awaited = null;
            }
        }
        else if (_obstacle is null)
        {
            // A primary that neither can reach is down, and saves nothing that the standby could lack.
            _upToDateAt = now;
        }

        TimeSpan? lag = _upToDateAt is { } then ? clock.GetElapsedTime(then) : null;
        ReplicaTelemetry.Lags(lag);
        _obstacle = replayed is null ? Down : lag <= MaxLag ? null : Lagging;
    }

    private async Task<NpgsqlLogSequenceNumber?> TryAskAsync(TargetSessionAttributes server, string question, CancellationToken cancellationToken)
    {
        try
        {
            // What a server that hangs is asked cannot be cancelled, only left to its own timeouts.
            return await AskAsync(server, question).WaitAsync(Timeout, clock, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<NpgsqlLogSequenceNumber?> AskAsync(TargetSessionAttributes server, string question)
    {
        await using var command = servers.WithTargetSession(server).CreateCommand(question);
        return await command.ExecuteScalarAsync() as NpgsqlLogSequenceNumber?;
    }
}
