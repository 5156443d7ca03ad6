using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A dedicated Redis server, run from installed binaries.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const string Password = "not-a-secret";

    private readonly ServerPort port = new();
    private readonly string folder = TempFolder.Create("redis");
    private RedisServer? primary;
    private Daemon? daemon;

    public static string? Binaries { get; } = Programs.FindFolder("redis-server");

    public int Port => port.Number;

    public string ConnectionString => $"127.0.0.1:{port.Number},password={Password}";

    /// <summary>Starts or restarts the server at the same address without data.</summary>
    public Task StartAsync() => port.StartAsync(async () =>
    {
        daemon = Daemon.Start(
            Path.Combine(Binaries!, "redis-server"),
            [
                "--port", port.Number.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--requirepass", Password, "--save", "", "--dir", folder,
                .. primary is null ? [] : new[] { "--replicaof", $"127.0.0.1 {primary.Port}", "--masterauth", Password },
            ],
            folder,
            Path.Combine(folder, "log"));
        await daemon.WaitUntilAsync(AnswersAsync);
    });

    /// <summary>Starts a replica of this server.</summary>
    public async Task<RedisServer> StartReplicaAsync()
    {
        var replica = new RedisServer { primary = this };
        await replica.StartAsync();
        return replica;
    }

    /// <summary>Turns a replica into a primary.</summary>
    public Task PromoteAsync() => SendAsync("REPLICAOF NO ONE");

    public Task KillAsync() => daemon!.KillAsync();

    public Task PauseAsync() => daemon!.PauseAsync();

    public Task ResumeAsync() => daemon!.ResumeAsync();

    public ValueTask DisposeAsync() => daemon?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Logs every command with its arguments.</summary>
    public async Task<Daemon> MonitorAsync()
    {
        string[] monitor = ["-p", port.Number.ToString(CultureInfo.InvariantCulture), "--no-auth-warning", "-a", Password, "MONITOR"];
        var commands = Daemon.Start(Path.Combine(Binaries!, "redis-cli"), monitor, folder, Path.Combine(TempFolder.Create("logs"), "redis-commands"));
        await commands.WaitUntilAsync(() => Task.FromResult(commands.Log.StartsWith("OK", StringComparison.Ordinal)));
        return commands;
    }

    /// <summary>Makes the server reject writes, as a replica or a server at its memory limit does.</summary>
    /// <param name="state"><c>read-only</c> or <c>full</c>.</param>
    public Task RefuseAsync(string state) => SendAsync(state == "full" ? "CONFIG SET maxmemory 1" : "REPLICAOF 127.0.0.1 1");

    /// <summary>Makes the server accept writes again.</summary>
    public async Task AcceptAsync()
    {
        await SendAsync("CONFIG SET maxmemory 0");
        await SendAsync("REPLICAOF NO ONE");
    }

    /// <summary>Whether a key with this suffix exists.</summary>
    public async Task<bool> HasKeyAsync(string suffix) =>
        !(await AskAsync($"AUTH {Password}\r\nKEYS *{suffix}\r\nQUIT\r\n")).Contains("*0\r\n", StringComparison.Ordinal);

    private async Task SendAsync(string command)
    {
        var response = await AskAsync($"AUTH {Password}\r\n{command}\r\nQUIT\r\n");
        if (response != "+OK\r\n+OK\r\n+OK\r\n")
        {
            throw new InvalidOperationException($"Redis responds to '{command}': {response}");
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            // An authentication error shows as well that the server is up.
            return (await AskAsync("PING\r\nQUIT\r\n")).Contains("NOAUTH", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    private async Task<string> AskAsync(string commands)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port.Number);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(commands));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
