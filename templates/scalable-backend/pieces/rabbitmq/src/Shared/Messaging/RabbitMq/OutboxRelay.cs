using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Takes due messages from the outbox and sends them. Any number of them may run, in any number of processes.</summary>
internal sealed partial class OutboxRelay(
    IServiceScopeFactory scopes,
    OutboxSignal signal,
    OutboxTransport transport,
    TimeProvider clock,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, transport.Parallelism).Select(_ => RelayAllAsync(stoppingToken)));

    private async Task RelayAllAsync(CancellationToken stoppingToken)
    {
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            await signal.WaitAsync(stoppingToken);
            try
            {
                // What has begun is finished, also when the process is to end. After less than a batch, whoever commits more sets the signal.
                while (await RelayBatchAsync(CancellationToken.None) == transport.BatchSize && !stoppingToken.IsCancellationRequested)
                {
                }

                isFailing = false;
            }
            catch (Exception exception)
            {
                if (!isFailing)
                {
                    LogFailed(exception, PauseAfterFailure);
                }

                isFailing = true;
                signal.Set();
                await Task.Delay(PauseAfterFailure, clock, stoppingToken);
            }
        }
    }

    private async Task<int> RelayBatchAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var claim = await OutboxClaim.TakeAsync(db, transport.BatchSize, signal.From, clock.GetUtcNow(), cancellationToken);
            if (claim.Messages.Count == transport.BatchSize)
            {
                // There may be more: let another loop look.
                signal.Set();
            }

            if (claim.Messages.Count > 0)
            {
                await SendAsync(claim, cancellationToken);
            }

            return claim.Messages.Count;
        });
    }

    private async Task SendAsync(OutboxClaim claim, CancellationToken cancellationToken)
    {
        var sent = new ConcurrentBag<OutboxMessage>();
        var postponed = new ConcurrentBag<OutboxMessage>();
        var sending = Task.WhenAll(claim.Messages.Select(async message =>
            (await transport.TrySendAsync(message, cancellationToken) ? sent : postponed).Add(message)));
        // What was sent is completed, also if others have failed.
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await claim.CompleteAsync(sent, postponed, cancellationToken);
        await sending;
    }

    [LoggerMessage(LogLevel.Error, "Relaying the outbox failed; retrying every {Interval}")]
    private partial void LogFailed(Exception exception, TimeSpan interval);
}
