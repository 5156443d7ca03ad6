using Npgsql;

namespace Shop.Shared.Data;

/// <summary>Distinguishes failures of the database from failures of a single statement.</summary>
public static class DatabaseFailures
{
    /// <summary>The server has ended the session of a process that was suspended in a transaction.</summary>
    public const string IdleInTransactionTimeout = "25P03";

    /// <summary>Whether the database is unavailable: unreachable, shutting down, read-only, full or out of connections.</summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        DatabaseUnavailableException => true,
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or IdleInTransactionTimeout } => true,
        // SQLSTATE classes: connection exception, invalid authorization, unknown database, insufficient resources, system error, shutdown.
        PostgresException postgres => postgres.SqlState[..2] is "08" or "28" or "3D" or "53" or "58" || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal),
        NpgsqlException { InnerException: not TimeoutException } => true,
        _ => exception.InnerException is { } inner && IsOutage(inner),
    };

    /// <summary>Whether either the database or the statement may be the cause: a timeout, a deadlock or a lock that was not granted.</summary>
    public static bool MayBeOutage(Exception exception) => exception switch
    {
        OperationCanceledException or NpgsqlException { InnerException: TimeoutException } => true,
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
        _ => exception.InnerException is { } inner && MayBeOutage(inner),
    };
}
