using Npgsql;

namespace ScalableBackend.IntegrationTests;

/// <summary>An empty database for this run on a server that is also used by others; it is dropped at the end.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _server;
    private readonly string _name = $"test_{Guid.NewGuid():N}";

    private TestDatabase(string server) => _server = server;

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = _name }.ConnectionString;

    /// <exception cref="InvalidOperationException">The role may not create a database; the message says how to permit it.</exception>
    public static async Task<TestDatabase> CreateAsync(string server, CancellationToken cancellationToken)
    {
        var database = new TestDatabase(server);
        try
        {
            await database.ExecuteAsync($"CREATE DATABASE {database._name}", cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            var role = new NpgsqlConnectionStringBuilder(server).Username;
            throw new InvalidOperationException(
                $"The tests need a database of their own, and the role '{role}' may not create one. As an administrator: ALTER ROLE \"{role}\" CREATEDB", exception);
        }

        return database;
    }
#if (HasReplica)

    /// <returns>The connection string of this database, with the same role, on a server that streams from it.</returns>
    public string On(string standby)
    {
        var own = new NpgsqlConnectionStringBuilder(ConnectionString);
        return new NpgsqlConnectionStringBuilder(standby) { Database = own.Database, Username = own.Username, Password = own.Password }.ConnectionString;
    }
#endif

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)", CancellationToken.None);

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var server = NpgsqlDataSource.Create(_server);
        await using var command = server.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
