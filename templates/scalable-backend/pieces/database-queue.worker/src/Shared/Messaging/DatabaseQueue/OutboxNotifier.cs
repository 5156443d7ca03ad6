using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.DatabaseQueue;

/// <summary>
/// Wakes the workers when messages were committed. It notifies after the commit, because transactions with NOTIFY commit one after
/// another, and once for all concurrent commits. If it fails, polling finds the messages.
/// </summary>
internal sealed class OutboxNotifier(IServiceScopeFactory scopes, OutboxSignal signal, TimeProvider clock) : BackgroundService
{
    public const string Channel = "outbox";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await signal.WaitAsync(stoppingToken);
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
                await db.Database.ExecuteSqlAsync($"SELECT pg_notify({Channel}, '')", stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                await Task.Delay(RetryDelay, clock, stoppingToken);
            }
        }
    }
}
