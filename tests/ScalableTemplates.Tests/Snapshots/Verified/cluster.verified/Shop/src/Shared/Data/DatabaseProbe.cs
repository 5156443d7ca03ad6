using Npgsql;

namespace Shop.Shared.Data;

/// <summary>Keeps one connection open, so that a probe neither waits for a pooled connection nor opens a new session.</summary>
internal sealed class DatabaseProbe(string connectionString) : IDisposable
{
    private readonly NpgsqlDataSource _source = new NpgsqlDataSourceBuilder(
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            MinPoolSize = 0,
            MaxPoolSize = 1,
            Timeout = 2,
            CommandTimeout = 2,
            // A hanging server would not respond to a cancellation either.
            CancellationTimeout = -1,
        }.ConnectionString)
    {
        Name = "probe",
    }.Build();

    /// <summary>The connection string that is probed.</summary>
    public string ConnectionString => connectionString;

    /// <returns>False during recovery, or if default_transaction_read_only is set.</returns>
    public async Task<bool> IsWritableAsync(CancellationToken cancellationToken)
    {
        await using var command = _source.CreateCommand("SELECT NOT current_setting('transaction_read_only')::bool");
        var isWritable = (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (!isWritable)
        {
            // The next probe connects again, as the address may lead to another server by then.
            _source.Clear();
        }

        return isWritable;
    }

    public void Dispose() => _source.Dispose();
}
