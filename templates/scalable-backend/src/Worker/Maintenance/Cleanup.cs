using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Worker.Maintenance;

/// <summary>Forgets what has served its time. Several replicas may do so at once.</summary>
internal sealed partial class Cleanup(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Cleanup> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    // Longer than any message can still be under way.
    private static readonly TimeSpan KeepInbox = TimeSpan.FromDays(7);
#if (HasSample)
    private static readonly TimeSpan KeepIdempotencyKeys = TimeSpan.FromDays(1);
#endif

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CleanAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }
        }
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var now = clock.GetUtcNow();
        await db.InboxMessages.Where(message => message.HandledAt < now - KeepInbox).ExecuteDeleteAsync(cancellationToken);
#if (HasSample)
        await db.IdempotencyKeys.Where(key => key.CreatedAt < now - KeepIdempotencyKeys).ExecuteDeleteAsync(cancellationToken);
#endif
    }

    [LoggerMessage(LogLevel.Error, "Cleaning up failed; trying again in an hour")]
    private partial void LogFailed(Exception exception);
}
