using System.Globalization;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A dedicated PostgreSQL server, or a streaming standby of one, run from installed binaries.</summary>
/// <param name="settings">Lines of the configuration file, which standbys copy.</param>
internal sealed class PostgresServer(params string[] settings) : IAsyncDisposable
{
    private const string User = "app";
    private const string Password = "not-a-secret";

    private readonly ServerPort port = new();
    private readonly string folder = TempFolder.Create("postgres");
    private readonly string log = Path.Combine(TempFolder.Create("postgres-log"), "log");
    private Daemon? daemon;

    /// <summary>The folder of the binaries; null if they are not installed.</summary>
    public static string? Binaries { get; } = Programs.FindFolder("postgres", "/usr/lib/postgresql/*/bin");

    public int Port => port.Number;

    private string Data => Path.Combine(folder, "data");

    private string ReplicationAddress => $"host=127.0.0.1 port={port.Number} user={User} password={Password} dbname=postgres application_name=standby";

    public async Task StartAsync()
    {
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, Password);
        await GiveToUnprivilegedUserAsync(folder);
        await RunToEndAsync("initdb", "--pgdata", Data, "--username", User, "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync");
        await File.AppendAllLinesAsync(Path.Combine(Data, "postgresql.conf"), settings);
        await RunAsync();
    }

    /// <summary>Starts a standby of this server, which keeps running while this server is down.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        var standby = new PostgresServer();
        await GiveToUnprivilegedUserAsync(standby.folder);
        await RunToEndAsync(
            "pg_basebackup",
            "--pgdata", standby.Data,
            "--dbname", ReplicationAddress,
            "--write-recovery-conf", "--checkpoint", "fast", "--no-sync");
        await standby.RunAsync();
        return standby;
    }

    /// <summary>Starts the server on its existing data, such as after <see cref="KillAsync"/>.</summary>
    public Task RunAsync() => port.StartAsync(async () =>
    {
        var (file, arguments) = AsUnprivilegedUser(
            Path.Combine(Binaries!, "postgres"), "-D", Data, "-p", port.Number.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={folder}");
        daemon = Daemon.Start(file, arguments, folder, log);
        await daemon.WaitUntilAsync(() => CanConnectAsync(ConnectionString("postgres")));
    });

    /// <summary>Restarts the server at the same address, as <c>pg_ctl restart</c> does.</summary>
    /// <param name="mode"><c>fast</c> closes all connections; <c>immediate</c> is like a crash.</param>
    public async Task RestartAsync(string mode)
    {
        await StopAsync(mode);
        await RunAsync();
    }

    /// <summary>Stops the server; with the mode <c>fast</c>, standbys receive all commits.</summary>
    public async Task StopAsync(string mode)
    {
        await RunToEndAsync("pg_ctl", "stop", "--pgdata", Data, "--mode", mode);
        await KillAsync();
    }

    /// <summary>Turns a standby into a primary.</summary>
    public Task PromoteAsync() => ExecuteAsync("SELECT pg_promote()");

    /// <summary>Starts a stopped former primary as a standby of the server that has taken over, as failover managers do. Requires <c>wal_log_hints</c>.</summary>
    public async Task FollowAsync(PostgresServer primary)
    {
        // pg_rewind compares the timelines of the last checkpoints.
        await primary.ExecuteAsync("CHECKPOINT");
        await RunToEndAsync("pg_rewind", "--target-pgdata", Data, "--source-server", primary.ReplicationAddress, "--write-recovery-conf", "--no-sync");
        await RunAsync();
    }

    /// <summary>Makes commits wait until the standby has them, or not.</summary>
    public Task SetSynchronousAsync(bool isSynchronous) =>
        SetAsync("synchronous_standby_names", isSynchronous ? "standby" : "");

    /// <summary>Kills the server with SIGKILL.</summary>
    public async Task KillAsync()
    {
        await daemon!.DisposeAsync();
        daemon = null;
    }

    public Task PauseAsync() => daemon!.PauseAsync();

    public Task ResumeAsync() => daemon!.ResumeAsync();

    /// <summary>Makes the server read-only, as after a failover to a server that is not promoted yet, or writable.</summary>
    public Task SetReadOnlyAsync(bool isReadOnly) => SetAsync("default_transaction_read_only", isReadOnly ? "on" : "off");

    public async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <returns>The values of the first column.</returns>
    public static async Task<List<T>> QueryAsync<T>(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + ";Pooling=false;Timeout=120;Command Timeout=120");
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync())
        {
            values.Add(await reader.GetFieldValueAsync<T>(0));
        }

        return values;
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

    /// <summary>Gives ownership of a folder to an unprivileged user if the tests run as root.</summary>
    public static async Task GiveToUnprivilegedUserAsync(string folder)
    {
        if (Environment.IsPrivilegedProcess)
        {
            await Command.RunAsync("chown", ["-R", "postgres", folder], folder, Daemon.WaitTimeout);
        }
    }

    private async Task SetAsync(string setting, string value)
    {
        await ExecuteAsync($"ALTER SYSTEM SET {setting} = '{value}'");
        await ExecuteAsync("SELECT pg_reload_conf()");
    }

    private async Task RunToEndAsync(string program, params string[] options)
    {
        var (file, arguments) = AsUnprivilegedUser(Path.Combine(Binaries!, program), options);
        (await Command.RunAsync(file, arguments, folder, Daemon.WaitTimeout)).EnsureSuccess();
    }

    /// <summary>Whether a PostgreSQL server accepts connections.</summary>
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

    // The server refuses to run as root. Unlike runuser, setpriv execs the server, so the daemon exits with it.
    public static (string File, string[] Arguments) AsUnprivilegedUser(string file, params string[] arguments) =>
        Environment.IsPrivilegedProcess ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", file, .. arguments]) : (file, arguments);
}
