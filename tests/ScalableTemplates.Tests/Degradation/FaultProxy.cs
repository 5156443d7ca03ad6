using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>A TCP proxy in front of an in-process server that injects faults: it refuses connections, or accepts them and forwards nothing.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly int target;
    private readonly IPEndPoint address;
    private readonly ConcurrentBag<TcpClient> connections = [];
    private TcpListener listener;
    private Task accepting;
    private TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="server">The server to forward to.</param>
    public FaultProxy(Uri server)
    {
        target = server.Port;
        (listener, address) = EndToEnd.FreePort.Listen(port => Listen(new IPEndPoint(IPAddress.Loopback, port)));
        Address = new UriBuilder(server) { Port = address.Port }.Uri;
        released.SetResult();
        accepting = AcceptAsync(listener);
    }

    public Uri Address { get; }

    /// <summary>Closes all connections and refuses new ones.</summary>
    public async Task CloseAsync()
    {
        listener.Dispose();
        await accepting;
        foreach (var connection in connections)
        {
            connection.Dispose();
        }

        connections.Clear();
    }

    /// <summary>Listens again on the same address, retrying while another process uses it.</summary>
    public async Task OpenAsync()
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                (listener, _) = Listen(address);
                accepting = AcceptAsync(listener);
                return;
            }
            catch (SocketException) when (clock.Elapsed < EndToEnd.Daemon.WaitTimeout)
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>Accepts connections and data without forwarding anything.</summary>
    public Task HangAsync()
    {
        released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return Task.CompletedTask;
    }

    /// <summary>Forwards everything that was held back.</summary>
    public Task ResumeAsync()
    {
        released.TrySetResult();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        released.TrySetResult();
        await CloseAsync();
    }

    private static (TcpListener Listener, IPEndPoint Address) Listen(IPEndPoint address)
    {
        var listener = new TcpListener(address);
        listener.Start(backlog: 1000);
        return (listener, address);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The proxy was closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using var _ = client;
        client.NoDelay = true;
        connections.Add(client);
        connections.Add(server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(ForwardAsync(client, server), ForwardAsync(server, client));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The proxy was closed.
        }
    }

    private async Task ForwardAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var bytes = new byte[64 * 1024];
            while (await from.GetStream().ReadAsync(bytes) is > 0 and var count)
            {
                await released.Task;
                await to.GetStream().WriteAsync(bytes.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // One side closed its connection, which closes the other one, too.
        }
    }
}
