using System.Globalization;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A PostgreSQL of this run alone, from the machine's own binaries.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "app";
    private const string Password = "not-a-secret";

    private readonly int port = FreePort.Next();
    private Daemon? daemon;

    /// <summary>Where the binaries are; null if they are not installed.</summary>
    public static string? Binaries { get; } = Programs.FindFolder("postgres", "/usr/lib/postgresql/*/bin");

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

        var (file, arguments) = AsOrdinaryUser("initdb", "--pgdata", data, "--username", User, "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync");
        (await Command.RunAsync(file, arguments, folder, TimeSpan.FromMinutes(2))).EnsureSuccess();
        (file, arguments) = AsOrdinaryUser(
            "postgres", "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={folder}");
        daemon = Daemon.Start(file, arguments, folder, Path.Combine(TempFolder.Create("postgres-log"), "log"));
        await daemon.WaitUntilAsync(CanConnectAsync, TimeSpan.FromMinutes(1));
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

    public ValueTask DisposeAsync() => daemon?.DisposeAsync() ?? ValueTask.CompletedTask;

    private string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port};Database={database};Username={User};Password={Password}";

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

    // The server refuses to run as root.
    private static (string File, string[] Arguments) AsOrdinaryUser(string program, params string[] arguments)
    {
        var file = Path.Combine(Binaries!, program);
        return Environment.IsPrivilegedProcess ? ("runuser", ["-u", "postgres", "--", file, .. arguments]) : (file, arguments);
    }
}
