using System.Globalization;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A dedicated PgBouncer in transaction mode: each transaction may use a different server connection.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private readonly ServerPort port = new();
    private readonly string folder = TempFolder.Create("pgbouncer");
    private Daemon? daemon;

    public static string? Binaries { get; } = Programs.FindFolder("pgbouncer", "/usr/sbin");

    /// <summary>Starts PgBouncer in front of the server of <paramref name="database"/>, with fewer server connections than clients.</summary>
    /// <returns>The connection string through PgBouncer.</returns>
    public async Task<string> StartAsync(string database)
    {
        var server = new NpgsqlConnectionStringBuilder(database);
        var pooler = new NpgsqlConnectionStringBuilder(database) { Host = "127.0.0.1", MaxAutoPrepare = 0 };
        await port.StartAsync(async () =>
        {
            pooler.Port = port.Number;
            await StartAsync(server);
            await daemon!.WaitUntilAsync(() => PostgresServer.CanConnectAsync(pooler.ConnectionString));
        });
        return pooler.ConnectionString;
    }

    public ValueTask DisposeAsync() => daemon?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task StartAsync(NpgsqlConnectionStringBuilder server)
    {
        var users = Path.Combine(folder, "users.txt");
        await File.WriteAllTextAsync(users, $"\"{server.Username}\" \"{server.Password}\"");
        var settings = Path.Combine(folder, "pgbouncer.ini");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            * = host={server.Host} port={server.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port.Number}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {users}
            pool_mode = transaction
            default_pool_size = 4
            """));
        await PostgresServer.GiveToUnprivilegedUserAsync(folder);
        var (file, arguments) = PostgresServer.AsUnprivilegedUser(Path.Combine(Binaries!, "pgbouncer"), settings);
        daemon = Daemon.Start(file, arguments, folder, Path.Combine(TempFolder.Create("pgbouncer-log"), "log"));
    }
}
