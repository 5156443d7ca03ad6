using Npgsql;

namespace Shop.IntegrationTests;

/// <summary>A database for this test run on a server that may be shared; dropped at the end of the run.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _server;
    private readonly string _name = $"test_{Guid.NewGuid():N}";

    private TestDatabase(string server) => _server = server;

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = _name }.ConnectionString;

    /// <exception cref="InvalidOperationException">The role is not allowed to create databases.</exception>
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
                $"The tests create a database, but the role '{role}' is not allowed to. Run as an administrator: ALTER ROLE \"{role}\" CREATEDB", exception);
        }

        return database;
    }

    /// <returns>The connection string of this database, with the same role, on a standby.</returns>
    public string ConnectionStringOn(string standby)
    {
        var primary = new NpgsqlConnectionStringBuilder(ConnectionString);
        return new NpgsqlConnectionStringBuilder(standby) { Database = primary.Database, Username = primary.Username, Password = primary.Password }.ConnectionString;
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)", CancellationToken.None);

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var server = NpgsqlDataSource.Create(_server);
        await using var command = server.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
