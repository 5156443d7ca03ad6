using Microsoft.Data.Sqlite;

namespace ScalableBackend.Shared.Data;

/// <summary>Tells failures of the database from failures of what it was asked to do.</summary>
public static class DatabaseFailures
{
    /// <summary>Whether the database cannot work: its file is locked, read-only or cannot be opened, or its disk is full or broken.</summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        DatabaseUnavailableException => true,
        // SQLITE_BUSY, _LOCKED, _READONLY, _IOERR, _FULL and _CANTOPEN.
        SqliteException sqlite => sqlite.SqliteErrorCode is 5 or 6 or 8 or 10 or 13 or 14,
        _ => exception.InnerException is { } inner && IsOutage(inner),
    };

    /// <summary>Whether the cause may be the database or the statement: no error of SQLite is.</summary>
    public static bool MayBeOutage(Exception exception) => false;
}
