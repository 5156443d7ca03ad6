using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Shop.Shared.Data;

/// <summary>
/// Divides the server's connections among all processes: pools × (pool size + 1 for the probe) + 1 for the Migrator ≤ available connections.
/// A process that finds the budget exceeded stops, because otherwise some process would run out of connections under load.
/// </summary>
public sealed partial class ConnectionBudget(
    IServiceScopeFactory scopes, IConfiguration configuration, IHostApplicationLifetime lifetime, ILogger<ConnectionBudget> logger) : BackgroundService
{
    // While a server hangs, the driver honors timeouts but not cancellation, so these add up to half the timeout of a request.
    // The command timeout is longer than a migration makes a statement wait for a lock.
    // Frequent statements are prepared once per connection. Sessions hold no other state, such as settings or locks, so connections
    // need no reset when they return to the pool, which would cost as much as a small query.
    // Of several hosts, the driver remembers for the recheck time which is the primary and which are down, so a failover takes that much longer.
    private const string Defaults = "Timeout=3;Command Timeout=6;Cancellation Timeout=1000;Max Auto Prepare=50;No Reset On Close=true;Host Recheck Seconds=2;";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns the connection string with this process's share as the pool size, with short timeouts, and of several hosts with the
    /// primary, unless it sets them itself.
    /// </summary>
    public static string Apply(string connectionString, IConfiguration configuration)
    {
        var builder = new NpgsqlConnectionStringBuilder(Defaults + connectionString);
        if (!builder.ShouldSerialize("Maximum Pool Size"))
        {
            builder.MaxPoolSize = Math.Max(1, ((configuration.GetValue("Database:MaxConnections", 90) - 1) / GetPoolCount(configuration)) - 1);
        }

        if (builder.Host?.Contains(',') is true && builder.TargetSessionAttributes is null)
        {
            builder.TargetSessionAttributes = "primary";
        }

        return builder.ConnectionString;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CheckAsync(stoppingToken);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The health check reports that the database is unavailable.
                await Task.Delay(RetryDelay, stoppingToken);
            }
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var connection = new NpgsqlConnectionStringBuilder(db.Database.GetConnectionString());
        if (connection.MaxAutoPrepare == 0)
        {
            // Prepared statements are turned off behind PgBouncer, which manages the server's connections itself.
            return;
        }

        var available = (await db.Database
            .SqlQuery<int>($"""
                SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                    - coalesce(current_setting('reserved_connections', true)::int, 0)
                """)
            .ToListAsync(cancellationToken))[0];
        var pools = GetPoolCount(configuration);
        var needed = (pools * (connection.MaxPoolSize + 1)) + 1;
        if (needed > available)
        {
            LogExceeded(pools, connection.MaxPoolSize, needed, available);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private static int GetPoolCount(IConfiguration configuration) => Math.Max(1, configuration.GetValue("Database:Processes", 4));

    [LoggerMessage(LogLevel.Critical,
        "Too many database connections: {Pools} pools in all processes × ({PoolSize} connections + 1 for the probe) + 1 for the Migrator = {Needed}, but the server has "
        + "{Available} (max_connections minus reserved connections); stopping. Lower Database:MaxConnections (or Maximum Pool Size, if the connection string sets it), "
        + "correct Database:Processes, or raise max_connections")]
    private partial void LogExceeded(int pools, int poolSize, int needed, int available);
}
