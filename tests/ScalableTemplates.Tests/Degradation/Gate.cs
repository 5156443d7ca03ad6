using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Stands before a server of this process and plays its faults: it refuses callers, or takes them and never answers.</summary>
internal sealed class Gate : IAsyncDisposable
{
    private readonly int target;
    private readonly IPEndPoint address;
    private readonly ConcurrentBag<TcpClient> connections = [];
    private TcpListener listener;
    private Task accepting;
    private TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="server">The server that it stands before.</param>
    public Gate(Uri server)
    {
        target = server.Port;
        (listener, address) = EndToEnd.FreePort.Listen(port => Listen(new IPEndPoint(IPAddress.Loopback, port)));
        Address = new UriBuilder(server) { Port = address.Port }.Uri;
        open.SetResult();
        accepting = AcceptAsync(listener);
    }

    public Uri Address { get; }

    /// <summary>Nobody is there.</summary>
    public async Task ShutAsync()
    {
        listener.Dispose();
        await accepting;
        foreach (var connection in connections)
        {
            connection.Dispose();
        }

        connections.Clear();
    }

    /// <summary>At the address that callers know; if somebody else has it, as soon as it is free.</summary>
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
            catch (SocketException) when (clock.Elapsed < EndToEnd.Daemon.Patience)
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>Takes connections and requests, and answers none.</summary>
    public Task HangAsync()
    {
        open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return Task.CompletedTask;
    }

    /// <summary>Goes on with everything that it was sent.</summary>
    public Task ResumeAsync()
    {
        open.TrySetResult();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        open.TrySetResult();
        await ShutAsync();
    }

    private static (TcpListener Listener, IPEndPoint Address) Listen(IPEndPoint address)
    {
        var listener = new TcpListener(address);
        listener.Start(backlog: 1000);
        return (listener, address);
    }

    private async Task AcceptAsync(TcpListener door)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await door.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It was shut.
        }
    }

    private async Task ServeAsync(TcpClient caller)
    {
        using var server = new TcpClient { NoDelay = true };
        using var _ = caller;
        caller.NoDelay = true;
        connections.Add(caller);
        connections.Add(server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(PassAsync(caller, server), PassAsync(server, caller));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It was shut meanwhile.
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var bytes = new byte[64 * 1024];
            while (await from.GetStream().ReadAsync(bytes) is > 0 and var count)
            {
                await open.Task;
                await to.GetStream().WriteAsync(bytes.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // One side is gone, and the other side learns it.
        }
    }
}
