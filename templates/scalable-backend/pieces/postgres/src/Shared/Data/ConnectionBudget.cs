using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ScalableBackend.Shared.Data;

/// <summary>
/// Shares the server's connections out among the processes: pools × (their size + 1 for a probe) + 1 for the Migrator ≤ what the server has.
/// A process that finds this not to hold stops, rather than have some process fail under load for want of a connection.
/// </summary>
public sealed partial class ConnectionBudget(
    IServiceScopeFactory scopes, IConfiguration configuration, IHostApplicationLifetime lifetime, ILogger<ConnectionBudget> logger) : BackgroundService
{
    // While a server hangs, the driver obeys the timeouts and no cancellation: in sum half the timeout of a request. And the
    // command timeout is longer than a statement that waits for a lock behind a migration.
    // What is asked often is parsed once for a connection. And nothing else is kept in a session, such as a setting or a lock,
    // so that connections need not be cleaned whenever they change hands, which costs as much as a small query.
    private const string Defaults = "Timeout=3;Command Timeout=6;Cancellation Timeout=1000;Max Auto Prepare=50;No Reset On Close=true;";

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    /// <summary>Gives each process its share, and a hanging server little time, where the connection string itself does not say otherwise.</summary>
    public static string Apply(string connectionString, IConfiguration configuration)
    {
        var builder = new NpgsqlConnectionStringBuilder(Defaults + connectionString);
        if (!builder.ShouldSerialize("Maximum Pool Size"))
        {
            builder.MaxPoolSize = Math.Max(1, ((configuration.GetValue("Database:MaxConnections", 90) - 1) / GetPools(configuration)) - 1);
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
                // The database is down, which is for the health check to say.
                await Task.Delay(PauseAfterFailure, stoppingToken);
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
            // Behind PgBouncer, which has the server's connections to share out.
            return;
        }

        var available = (await db.Database
            .SqlQuery<int>($"""
                SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                    - coalesce(current_setting('reserved_connections', true)::int, 0)
                """)
            .ToListAsync(cancellationToken))[0];
        var pools = GetPools(configuration);
        var needed = (pools * (connection.MaxPoolSize + 1)) + 1;
        if (needed > available)
        {
            LogExceeded(pools, connection.MaxPoolSize, needed, available);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

#if (HasReplica)
    // The second pool of a process is for the standby, and leads to the primary as well until the end of a standby is noticed.
    private static int GetPools(IConfiguration configuration) =>
        Math.Max(1, configuration.GetValue("Database:Processes", 4)) * (configuration.GetConnectionString("replica") is null ? 1 : 2);
#else
    private static int GetPools(IConfiguration configuration) => Math.Max(1, configuration.GetValue("Database:Processes", 4));
#endif

    [LoggerMessage(LogLevel.Critical,
        "Too many database connections: {Pools} pools of all processes × ({PoolSize} each + 1 for a probe) + 1 for the Migrator = {Needed}, but the server has {Available} "
        + "(max_connections without the reserved ones). Lower Database:MaxConnections (or Maximum Pool Size in the connection string, "
        + "if it is there), or correct Database:Processes, or raise max_connections")]
    private partial void LogExceeded(int pools, int poolSize, int needed, int available);
}
