using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A Redis of this run alone, from the machine's own binaries.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const string Password = "not-a-secret";

    private readonly int port = FreePort.Next();
    private readonly string folder = TempFolder.Create("redis");
    private Daemon? daemon;

    public static string? Binaries { get; } = Programs.FindFolder("redis-server");

    public string ConnectionString => $"127.0.0.1:{port},password={Password}";

    /// <summary>Starts it, or starts it again after it was killed: at the same address, with nothing in it.</summary>
    public async Task StartAsync()
    {
        daemon = Daemon.Start(
            Path.Combine(Binaries!, "redis-server"),
            ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--requirepass", Password, "--save", "", "--dir", folder],
            folder,
            Path.Combine(folder, "log"));
        await daemon.WaitUntilAsync(AnswersAsync, TimeSpan.FromMinutes(1));
    }

    public Task KillAsync() => daemon!.KillAsync();

    public Task PauseAsync() => daemon!.PauseAsync();

    public Task ResumeAsync() => daemon!.ResumeAsync();

    public ValueTask DisposeAsync() => daemon?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            await using var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[64];
            // Without the password it refuses, which tells as much.
            return Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer)).Contains("NOAUTH", StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
