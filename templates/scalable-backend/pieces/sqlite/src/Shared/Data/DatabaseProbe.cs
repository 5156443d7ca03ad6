using Microsoft.Data.Sqlite;

namespace ScalableBackend.Shared.Data;

/// <summary>Takes the write lock and gives it back. SQLite blocks the thread meanwhile, so the probe has a thread of its own.</summary>
internal sealed class DatabaseProbe(string connectionString)
{
    // Does not create the file: it gets its write-ahead mode only where the migrations create it.
    private readonly string _probe = new SqliteConnectionStringBuilder(connectionString)
    {
        Mode = SqliteOpenMode.ReadWrite,
        Pooling = false,
        DefaultTimeout = 1,
    }.ConnectionString;

    /// <summary>The connection string that is probed.</summary>
    public string ConnectionString => connectionString;

    /// <returns>False if the file is read-only.</returns>
    public Task<bool> IsWritableAsync(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(IsWritable, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private bool IsWritable()
    {
        using var connection = new SqliteConnection(_probe);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE; ROLLBACK";
        try
        {
            command.ExecuteNonQuery();
            return true;
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_READONLY)
        {
            return false;
        }
    }
}
