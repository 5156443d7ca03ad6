using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>
/// A fixed address in front of servers that change, like a Kubernetes Service: each new connection goes to the next server that
/// accepts it, and established connections stay with their server.
/// </summary>
internal sealed class ServiceAddress : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;
    private volatile int[] servers;
    private int turn;

    /// <param name="servers">The ports of the servers.</param>
    public ServiceAddress(params int[] servers)
    {
        this.servers = servers;
        listener.Start(backlog: 1000);
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Directs new connections to other servers; to none, so that they are closed.</summary>
    public void PointTo(params int[] ports) => servers = ports;

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
        try
        {
            client.NoDelay = true;
            using var server = await ConnectAsync();
            if (server is not null)
            {
                await Task.WhenAny(
                    client.GetStream().CopyToAsync(server.GetStream(), stopping.Token), server.GetStream().CopyToAsync(client.GetStream(), stopping.Token));
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // One side closed its connection, which closes the other one, too.
        }
    }

    private async Task<TcpClient?> ConnectAsync()
    {
        var ports = servers;
        for (var attempt = 0; attempt < ports.Length; attempt++)
        {
            var server = new TcpClient { NoDelay = true };
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, ports[(uint)Interlocked.Increment(ref turn) % ports.Length]);
                return server;
            }
            catch (SocketException)
            {
                server.Dispose();
            }
        }

        return null;
    }
}
