using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.DatabaseQueue;

/// <summary>
/// Wakes the workers as soon as messages are committed. After the commit and not in it, as commits that notify wait for one
/// another; once for all that commit meanwhile. If it fails, the workers find the messages when they poll.
/// </summary>
internal sealed class OutboxNotifier(IServiceScopeFactory scopes, OutboxSignal signal, TimeProvider clock) : BackgroundService
{
    public const string Channel = "outbox";

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);

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
                await Task.Delay(PauseAfterFailure, clock, stoppingToken);
            }
        }
    }
}
