using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>
/// A proxy in front of PostgreSQL that lets a statement through, waits until the server has executed it, and closes the connection
/// instead of returning the response: the client cannot know the outcome.
/// </summary>
internal sealed class LostResponseProxy : IAsyncDisposable
{
    // The codes of the untyped messages at the start of a connection.
    private const int StartupMajorVersion = 3;

    // ReadyForQuery, idle: the transaction has ended.
    private static readonly byte[] Ready = [(byte)'Z', 0, 0, 0, 5, (byte)'I'];

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int server;
    private readonly Task accepting;
    private int executed;
    private int remaining = int.MaxValue;
    private int lost;

    /// <param name="server">The port of the server.</param>
    public LostResponseProxy(int server)
    {
        this.server = server;
        listener.Start(backlog: 1000);
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The start of the statements whose response is lost; null for none.</summary>
    public string? Statement { get; set; }

    /// <summary>Of how many executions one is lost.</summary>
    public int Every { get; set; } = 1;

    public int Lost => lost;

    /// <summary>Loses the response to the next execution of the statement, and not those to its repetitions.</summary>
    public void LoseNext(string statement)
    {
        (Every, remaining) = (1, 1);
        Statement = statement;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The listener was closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        using var target = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await target.ConnectAsync(IPAddress.Loopback, server);
            var losing = new StrongBox();
            await Task.WhenAny(SendAsync(client.GetStream(), target.GetStream(), losing), ReceiveAsync(target.GetStream(), client.GetStream(), losing));
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidOperationException)
        {
            // One side closed its connection, which closes the other one, too.
        }
    }

    // Messages begin with a type and a length; those before the end of the startup only with a length.
    private async Task SendAsync(NetworkStream client, NetworkStream target, StrongBox losing)
    {
        var isStarted = false;
        while (true)
        {
            var header = new byte[isStarted ? 5 : 4];
            await client.ReadExactlyAsync(header, stopping.Token);
            var message = new byte[header.Length + BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(header.Length - 4)) - 4];
            header.CopyTo(message, 0);
            await client.ReadExactlyAsync(message.AsMemory(header.Length), stopping.Token);
            if (!isStarted)
            {
                isStarted = BinaryPrimitives.ReadInt16BigEndian(message.AsSpan(4)) == StartupMajorVersion;
            }
            else if (IsLost(message))
            {
                losing.Value = true;
            }

            await target.WriteAsync(message, stopping.Token);
        }
    }

    private async Task ReceiveAsync(NetworkStream target, NetworkStream client, StrongBox losing)
    {
        var bytes = new byte[64 * 1024];
        while (await target.ReadAsync(bytes, stopping.Token) is > 0 and var count)
        {
            if (!losing.Value)
            {
                await client.WriteAsync(bytes.AsMemory(0, count), stopping.Token);
            }
            else if (bytes.AsSpan(0, count).EndsWith(Ready))
            {
                Interlocked.Increment(ref lost);
                return;
            }
        }
    }

    // A simple query has the statement after the header, and Parse has it after the name of the prepared statement.
    private bool IsLost(byte[] message) =>
        Statement is { } statement
        && message[0] is (byte)'Q' or (byte)'P'
        && Encoding.UTF8.GetString(message.AsSpan(5)) is var text
        && (message[0] == 'Q' ? text : text[(text.IndexOf('\0', StringComparison.Ordinal) + 1)..]).StartsWith(statement, StringComparison.Ordinal)
        && Interlocked.Increment(ref executed) % Every == 0
        && Interlocked.Decrement(ref remaining) >= 0;

    private sealed class StrongBox
    {
        public volatile bool Value;
    }
}
