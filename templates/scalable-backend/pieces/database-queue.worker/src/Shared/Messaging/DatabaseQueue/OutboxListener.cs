using Microsoft.EntityFrameworkCore;
using Npgsql;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging.DatabaseQueue;

/// <summary>Wakes the dispatcher of this process when another process has committed messages. It occupies one pooled connection.</summary>
internal sealed class OutboxListener(IServiceScopeFactory scopes, OutboxSignal signal, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    // Detects connections that were lost silently, which fail only when used.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Polling finds the messages meanwhile.
                await Task.Delay(RetryDelay, clock, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        await db.Database.OpenConnectionAsync(stoppingToken);
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        while (true)
        {
            await using var command = new NpgsqlCommand($"LISTEN {OutboxNotifier.Channel}", connection);
            await command.ExecuteNonQueryAsync(stoppingToken);
            await connection.WaitAsync(CheckInterval, stoppingToken);
            signal.Set();
        }
    }
}
