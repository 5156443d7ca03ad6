using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
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
    // Only a safety net where messages are published in this process: those wake the relay at once.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, MessageDelivery.Lanes).Select(_ => RunLaneAsync(stoppingToken)));

    private async Task RunLaneAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RelayBatchAsync(stoppingToken) == 0)
                {
                    // Spread over time, so that lanes and replicas do not all ask at once.
                    await signal.WaitAsync(PollInterval * (0.5 + Random.Shared.NextDouble()), stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
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
            await using var claim = await OutboxClaim.TakeAsync(db, MessageDelivery.BatchSize, clock.GetUtcNow(), cancellationToken);
            if (claim.Messages.Count > 0)
            {
                // There may be more than one batch: let another lane look.
                signal.Set();
                await claim.CompleteAsync(await DeliverAsync(claim.Messages, cancellationToken), cancellationToken);
            }

            return claim.Messages.Count;
        });
    }

    private async Task<IReadOnlyCollection<OutboxMessage>> DeliverAsync(IReadOnlyList<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var delivered = new ConcurrentBag<OutboxMessage>();
        await Task.WhenAll(messages.Select(async message =>
        {
            MessagingTelemetry.Taken(clock.GetUtcNow() - message.CreatedAt);
            if (await delivery.TryDeliverAsync(message, cancellationToken))
            {
                delivered.Add(message);
            }
        }));
        return delivered;
    }

    [LoggerMessage(LogLevel.Error, "Relaying the outbox failed; trying again soon")]
    private partial void LogFailed(Exception exception);
}
