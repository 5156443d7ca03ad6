using System.Globalization;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A PostgreSQL of this run alone, from the machine's own binaries; or a streaming standby of one.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "app";
    private const string Password = "not-a-secret";

    private readonly ServerPort port = new();
    private readonly string folder = TempFolder.Create("postgres");
    private readonly string log = Path.Combine(TempFolder.Create("postgres-log"), "log");
    private Daemon? daemon;

    /// <summary>Where the binaries are; null if they are not installed.</summary>
    public static string? Binaries { get; } = Programs.FindFolder("postgres", "/usr/lib/postgresql/*/bin");

    private string Data => Path.Combine(folder, "data");

    public async Task StartAsync()
    {
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, Password);
        await GiveToOrdinaryUserAsync(folder);
        await RunToEndAsync("initdb", "--pgdata", Data, "--username", User, "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync");
        await RunAsync();
    }

    /// <summary>Starts a standby of this server, which goes on while this one is down.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        var standby = new PostgresServer();
        await GiveToOrdinaryUserAsync(standby.folder);
        await RunToEndAsync(
            "pg_basebackup",
            "--pgdata", standby.Data,
            "--dbname", $"host=127.0.0.1 port={port.Number} user={User} password={Password} application_name=standby",
            "--write-recovery-conf", "--checkpoint", "fast", "--no-sync");
        await standby.RunAsync();
        return standby;
    }

    /// <summary>Runs the server on the data that it has; after <see cref="KillAsync"/>, once more.</summary>
    public Task RunAsync() => port.StartAsync(async () =>
    {
        var (file, arguments) = AsOrdinaryUser(
            Path.Combine(Binaries!, "postgres"), "-D", Data, "-p", port.Number.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={folder}");
        daemon = Daemon.Start(file, arguments, folder, log);
        await daemon.WaitUntilAsync(() => CanConnectAsync(ConnectionString("postgres")));
    });

    /// <summary>Stops it and starts it again at the same address, as <c>pg_ctl restart</c> does.</summary>
    /// <param name="mode"><c>fast</c>: all connections are closed; <c>immediate</c>: as if the machine had failed.</param>
    public async Task RestartAsync(string mode)
    {
        await RunToEndAsync("pg_ctl", "stop", "--pgdata", Data, "--mode", mode);
        await KillAsync();
        await RunAsync();
    }

    /// <summary>Ends the server at once, as kill -9 does.</summary>
    public async Task KillAsync()
    {
        await daemon!.DisposeAsync();
        daemon = null;
    }

    public Task PauseAsync() => daemon!.PauseAsync();

    public Task ResumeAsync() => daemon!.ResumeAsync();

    /// <summary>Has it refuse to write, as after a failover to a server that is still read-only; or write again.</summary>
    public async Task SetReadOnlyAsync(bool isReadOnly)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        foreach (var sql in new[] { $"ALTER SYSTEM SET default_transaction_read_only = {(isReadOnly ? "on" : "off")}", "SELECT pg_reload_conf()" })
        {
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <returns>The connection string of a new, empty database.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"db_{Guid.NewGuid():N}";
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port.Number};Database={database};Username={User};Password={Password}";

    public async ValueTask DisposeAsync()
    {
        if (daemon is not null)
        {
            await KillAsync();
        }
    }

    /// <summary>Has the ordinary user own what is in a folder, where the tests run as root.</summary>
    public static async Task GiveToOrdinaryUserAsync(string folder)
    {
        if (Environment.IsPrivilegedProcess)
        {
            await Command.RunAsync("chown", ["-R", "postgres", folder], folder, Daemon.Patience);
        }
    }

    private async Task RunToEndAsync(string program, params string[] options)
    {
        var (file, arguments) = AsOrdinaryUser(Path.Combine(Binaries!, program), options);
        (await Command.RunAsync(file, arguments, folder, Daemon.Patience)).EnsureSuccess();
    }

    /// <summary>Whether a server of the protocol takes connections there.</summary>
    public static async Task<bool> CanConnectAsync(string connectionString)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    // The server refuses to run as root. Unlike runuser, setpriv becomes the server, so that the server's end is the daemon's.
    public static (string File, string[] Arguments) AsOrdinaryUser(string file, params string[] arguments) =>
        Environment.IsPrivilegedProcess ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", file, .. arguments]) : (file, arguments);
}
