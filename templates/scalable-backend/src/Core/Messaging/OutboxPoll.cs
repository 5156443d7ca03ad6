using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Wakes the relay for messages that nobody in this process signals: scheduled, to be tried again, or left by another process.</summary>
internal sealed partial class OutboxPoll(
    IServiceScopeFactory scopes, OutboxSignal signal, OutboxHealth health, TimeProvider clock, ILogger<OutboxPoll> logger) : BackgroundService
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = MinInterval;
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                interval = await IsWorkDueAsync(stoppingToken) ? MinInterval : interval * 2 < MaxInterval ? interval * 2 : MaxInterval;
                isFailing = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isFailing)
                {
                    LogFailed(exception, MaxInterval);
                }

                isFailing = true;
                interval = MaxInterval;
            }

            // Spread over time, so that replicas do not all ask at once.
            await Task.Delay(interval * (0.5 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken);
        }
    }

    private async Task<bool> IsWorkDueAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var lag = clock.GetUtcNow() - await db.OutboxMessages.MinAsync(message => message.DueAt, cancellationToken);
        var isDue = lag >= TimeSpan.Zero;
        health.Lag = isDue ? lag!.Value : TimeSpan.Zero;
        MessagingTelemetry.Waiting(health.Lag);
        if (isDue)
        {
            signal.Set();
        }

        return isDue;
    }

    [LoggerMessage(LogLevel.Error, "Polling the outbox failed; retrying every {Interval}")]
    private partial void LogFailed(Exception exception, TimeSpan interval);
}
