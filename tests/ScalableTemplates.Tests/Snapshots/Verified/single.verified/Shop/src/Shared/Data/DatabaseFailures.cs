using Microsoft.Data.Sqlite;

namespace Shop.Shared.Data;

/// <summary>Distinguishes failures of the database from failures of a single statement.</summary>
public static class DatabaseFailures
{
    /// <summary>Whether the database is unavailable: the file is locked, read-only or cannot be opened, or the disk is full or failing.</summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        DatabaseUnavailableException => true,
        // SQLITE_BUSY, _LOCKED, _READONLY, _IOERR, _FULL and _CANTOPEN.
        SqliteException sqlite => sqlite.SqliteErrorCode is 5 or 6 or 8 or 10 or 13 or 14,
        _ => exception.InnerException is { } inner && IsOutage(inner),
    };

    /// <summary>Whether either the database or the statement may be the cause. SQLite has no such errors.</summary>
    public static bool MayBeOutage(Exception exception) => false;
}
