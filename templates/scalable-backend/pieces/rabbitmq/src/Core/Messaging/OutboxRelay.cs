using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Takes due messages from the outbox and delivers them. Any number of them may run, in any number of processes.</summary>
internal sealed partial class OutboxRelay(
    IServiceScopeFactory scopes,
    OutboxSignal signal,
    MessageDelivery delivery,
    TimeProvider clock,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, delivery.Lanes).Select(_ => RunLaneAsync(stoppingToken)));

    private async Task RunLaneAsync(CancellationToken stoppingToken)
    {
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            await signal.WaitAsync(stoppingToken);
            try
            {
                // What has begun is finished, also when the process is to end. After less than a batch, whoever commits more sets the signal.
                while (await RelayBatchAsync(CancellationToken.None) == delivery.BatchSize && !stoppingToken.IsCancellationRequested)
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
            await using var claim = await OutboxClaim.TakeAsync(db, delivery.BatchSize, signal.From, clock.GetUtcNow(), cancellationToken);
            if (claim.Messages.Count == delivery.BatchSize)
            {
                // There may be more: let another lane look.
                signal.Set();
            }

            if (claim.Messages.Count > 0)
            {
                await DeliverAsync(claim, cancellationToken);
            }

            return claim.Messages.Count;
        });
    }

    private async Task DeliverAsync(OutboxClaim claim, CancellationToken cancellationToken)
    {
        var delivered = new ConcurrentBag<OutboxMessage>();
        var postponed = new ConcurrentBag<OutboxMessage>();
        var deliveries = Task.WhenAll(claim.Messages.Select(async message =>
            (await delivery.TryDeliverAsync(message, cancellationToken) ? delivered : postponed).Add(message)));
        // What was delivered is completed, also if others have failed.
        await deliveries.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await claim.CompleteAsync(delivered, postponed, cancellationToken);
        await deliveries;
    }

    [LoggerMessage(LogLevel.Error, "Relaying the outbox failed; retrying every {Interval}")]
    private partial void LogFailed(Exception exception, TimeSpan interval);
}
