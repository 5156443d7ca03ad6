using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Claims due messages in the outbox and sends them to the broker. Any number of relays may run, in any number of processes.</summary>
internal sealed partial class OutboxRelay(
    IServiceScopeFactory scopes,
    OutboxSignal signal,
    OutboxTransport transport,
    TimeProvider clock,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

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
                // A batch that has begun is finished, even at shutdown. After an incomplete batch, the next commit or poll sets the signal.
                while (await RelayBatchAsync(CancellationToken.None) == transport.BatchSize && !stoppingToken.IsCancellationRequested)
                {
                }

                isFailing = false;
            }
            catch (Exception exception)
            {
                if (!isFailing)
                {
                    LogFailed(exception, RetryDelay);
                }

                isFailing = true;
                signal.Set();
                await Task.Delay(RetryDelay, clock, stoppingToken);
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
                // More messages may be due: wake another loop.
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
        // Sent messages are deleted even if others failed.
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await claim.CompleteAsync(sent, postponed, cancellationToken);
        await sending;
    }

    [LoggerMessage(LogLevel.Error, "Relaying the outbox failed; retrying every {Interval}")]
    private partial void LogFailed(Exception exception, TimeSpan interval);
}
