using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;

namespace Shop.Shared.Data;

/// <summary>
/// Applies pending migrations while the services are running: in one Migrator at a time, without waiting long for a lock behind
/// which requests would queue, and without breaking the running version.
/// </summary>
internal sealed partial class MigrationRunner(AppDbContext db, IConfiguration configuration, ILogger<MigrationRunner> logger)
{
    private const long LockId = 7_466_201_942;

    private readonly TimeSpan _lockTimeout = configuration.GetValue("Migrations:LockTimeout", TimeSpan.FromSeconds(5));
    private readonly TimeSpan _statementTimeout = configuration.GetValue("Migrations:StatementTimeout", TimeSpan.FromMinutes(15));

    /// <summary>Applies pending migrations; retries with backoff after a lock timeout or a lost connection.</summary>
    public Task ApplyAsync(CancellationToken cancellationToken)
    {
        db.Database.SetCommandTimeout(_statementTimeout + TimeSpan.FromSeconds(30));
        return db.Database.CreateExecutionStrategy().ExecuteAsync(ApplyOnceAsync, cancellationToken);
    }

    private async Task ApplyOnceAsync(CancellationToken cancellationToken)
    {
        // Keeps one connection open, because the advisory lock and the timeouts belong to the session.
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await LockAsync(cancellationToken);
            await ApplyPendingAsync(cancellationToken);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({LockId})", cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            LogFailed(exception.Message);
            throw;
        }
        finally
        {
            // Ends the session instead of returning it to the pool, which releases the lock and discards the timeouts.
            NpgsqlConnection.ClearPool((NpgsqlConnection)db.Database.GetDbConnection());
            await db.Database.CloseConnectionAsync();
        }
    }

    // Polls, because a statement that waits for the lock would block CREATE INDEX CONCURRENTLY in the other Migrator.
    private async Task LockAsync(CancellationToken cancellationToken)
    {
        while (!(await db.Database.SqlQuery<bool>($"SELECT pg_try_advisory_lock({LockId})").ToListAsync(cancellationToken))[0])
        {
            LogWaiting();
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    private async Task ApplyPendingAsync(CancellationToken cancellationToken)
    {
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        MigrationGuard.Check(db, pending);
        if (pending.Count == 0)
        {
            LogUpToDate();
            return;
        }

        await DropInvalidIndexesAsync(cancellationToken);
        foreach (var (index, migration) in pending.Index())
        {
            LogApplying(migration, index + 1, pending.Count);
            var startedAt = Stopwatch.GetTimestamp();
            await SetTimeoutsAsync(migration, cancellationToken);
            await db.GetService<IMigrator>().MigrateAsync(migration, cancellationToken);
            LogApplied(migration, Stopwatch.GetElapsedTime(startedAt).TotalSeconds);
        }
    }

    // A failed CREATE INDEX CONCURRENTLY leaves an invalid index behind, which serves no queries and whose name makes the next attempt fail.
    private async Task DropInvalidIndexesAsync(CancellationToken cancellationToken)
    {
        var statements = await db.Database
            .SqlQuery<string>($"""
                SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %s', indexrelid::regclass)
                FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = current_schema()::regnamespace
                    AND indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)
                """)
            .ToListAsync(cancellationToken);
        foreach (var statement in statements)
        {
            LogInvalidIndex(statement);
            await db.Database.ExecuteSqlRawAsync(statement, cancellationToken);
        }
    }

    // Statements outside a transaction, such as CREATE INDEX CONCURRENTLY, do not block others while they wait, so they need no lock timeout.
    private async Task SetTimeoutsAsync(string migration, CancellationToken cancellationToken)
    {
        var assembly = db.GetService<IMigrationsAssembly>();
        var isOutsideTransaction = assembly.CreateMigration(assembly.Migrations[migration], db.Database.ProviderName!)
            .UpOperations.All(operation => operation is SqlOperation { SuppressTransaction: true });
        var lockTimeout = isOutsideTransaction ? "0" : $"{_lockTimeout.TotalMilliseconds:0}";
        var statementTimeout = $"{_statementTimeout.TotalMilliseconds:0}";
        await db.Database.ExecuteSqlAsync(
            $"SELECT set_config('lock_timeout', {lockTimeout}, false), set_config('statement_timeout', {statementTimeout}, false)",
            cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Waiting for another Migrator to finish")]
    private partial void LogWaiting();

    [LoggerMessage(LogLevel.Information, "The database is up to date")]
    private partial void LogUpToDate();

    [LoggerMessage(LogLevel.Information, "Applying {Migration} ({Number} of {Count})")]
    private partial void LogApplying(string migration, int number, int count);

    [LoggerMessage(LogLevel.Information, "Applied {Migration} in {Seconds:0.0} s")]
    private partial void LogApplied(string migration, double seconds);

    [LoggerMessage(LogLevel.Warning, "Applying migrations failed ({Reason}); retrying if the failure is transient")]
    private partial void LogFailed(string reason);

    [LoggerMessage(LogLevel.Warning, "Removing an invalid index, left by a failed CREATE INDEX CONCURRENTLY: {Statement}")]
    private partial void LogInvalidIndex(string statement);
}
