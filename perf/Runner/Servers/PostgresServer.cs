using System.Globalization;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Servers;

/// <summary>A PostgreSQL server for one run, with default settings and commit timestamps enabled.</summary>
internal sealed class PostgresServer(bool countStatements) : IAsyncDisposable
{
    private const string User = "app";
    private const string Password = "not-a-secret";

    private readonly int port = FreePort.Next();
    private Daemon? daemon;

    private static string? Binaries { get; } = Programs.FindFolder("postgres", "/usr/lib/postgresql/*/bin");

    public async Task StartAsync()
    {
        var folder = TempFolder.Create("postgres");
        var password = Path.Combine(folder, "password");
        var data = Path.Combine(folder, "data");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.IsPrivilegedProcess)
        {
            await Command.RunAsync("chown", ["-R", "postgres", folder], folder, TimeSpan.FromMinutes(1));
        }

        var (file, arguments) = AsOrdinaryUser("initdb", "--pgdata", data, "--username", User, "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C");
        (await Command.RunAsync(file, arguments, folder, TimeSpan.FromMinutes(2))).EnsureSuccess();
        string[] settings =
        [
            $"port={port.ToString(CultureInfo.InvariantCulture)}",
            "listen_addresses=127.0.0.1",
            $"unix_socket_directories={folder}",
            "track_commit_timestamp=on",
            .. countStatements ? ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_planning=on"] : Array.Empty<string>(),
        ];
        await RunAsync(folder, data, settings);
    }

    /// <summary>Starts a standby of this server whose queries keep the primary from vacuuming the rows that they see.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        var standby = new PostgresServer(countStatements: false);
        var folder = TempFolder.Create("standby");
        var data = Path.Combine(folder, "data");
        if (Environment.IsPrivilegedProcess)
        {
            await Command.RunAsync("chown", ["-R", "postgres", folder], folder, TimeSpan.FromMinutes(1));
        }

        var (file, arguments) = AsOrdinaryUser(
            "pg_basebackup", "--pgdata", data, "--dbname", $"host=127.0.0.1 port={port} user={User} password={Password}", "--write-recovery-conf", "--checkpoint", "fast");
        (await Command.RunAsync(file, arguments, folder, TimeSpan.FromMinutes(5))).EnsureSuccess();
        await standby.RunAsync(folder, data,
        [
            $"port={standby.port.ToString(CultureInfo.InvariantCulture)}",
            "listen_addresses=127.0.0.1",
            $"unix_socket_directories={folder}",
            "track_commit_timestamp=on",
            "hot_standby_feedback=on",
            "wal_receiver_status_interval=1",
        ]);
        return standby;
    }

    /// <returns>The connection string of a new, empty database.</returns>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var command = source.CreateCommand();
        foreach (var sql in new[] { $"DROP DATABASE IF EXISTS {name} WITH (FORCE)", $"CREATE DATABASE {name}" })
        {
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }

        return ConnectionString(name);
    }

    public ValueTask DisposeAsync() => daemon?.DisposeAsync() ?? ValueTask.CompletedTask;

    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port};Database={database};Username={User};Password={Password}";

    private async Task RunAsync(string folder, string data, IEnumerable<string> settings)
    {
        var (file, arguments) = AsOrdinaryUser("postgres", ["-D", data, .. settings.SelectMany(setting => new[] { "-c", setting })]);
        daemon = Daemon.Start(file, arguments, folder, Path.Combine(TempFolder.Create("postgres-log"), "log"));
        await daemon.WaitUntilAsync(CanConnectAsync);
    }

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    // PostgreSQL refuses to run as root. Unlike runuser, setpriv execs the server, so the daemon's process is the server itself.
    private static (string File, string[] Arguments) AsOrdinaryUser(string program, params string[] arguments)
    {
        var file = Path.Combine(Binaries ?? throw new InvalidOperationException("PostgreSQL is not installed."), program);
        return Environment.IsPrivilegedProcess ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", file, .. arguments]) : (file, arguments);
    }
}
