using Microsoft.Data.Sqlite;

namespace Shop.Shared.Data;

/// <summary>Acquires and releases the write lock. SQLite blocks the calling thread meanwhile, so each probe runs on a dedicated thread.</summary>
internal sealed class DatabaseProbe(string connectionString)
{
    // Does not create the file: only the migrations create it in WAL mode.
    private readonly string _probeConnectionString = new SqliteConnectionStringBuilder(connectionString)
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
        using var connection = new SqliteConnection(_probeConnectionString);
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
