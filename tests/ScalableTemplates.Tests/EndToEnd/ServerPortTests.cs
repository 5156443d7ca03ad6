using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Another program may take a port at any time.</summary>
public sealed class ServerPortTests
{
    private const int Many = 200;

    [Fact]
    public void No_port_is_returned_twice()
    {
        var ports = Enumerable.Range(0, Many).SelectMany(_ => Enumerable.Range(FreePort.Next(count: 2), 2)).ToList();

        Assert.Equal(2 * Many, ports.Distinct().Count());
    }

    [Fact]
    public async Task Ports_are_outside_the_ephemeral_range()
    {
        var ports = Enumerable.Range(0, Many).Select(_ => FreePort.Next()).ToList();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);

        // The system chooses both from the ephemeral range.
        var chosen = new[] { listener.LocalEndpoint, client.Client.LocalEndPoint! }.Select(end => ((IPEndPoint)end).Port).ToList();
        Assert.True(ports.Max() < chosen.Min() || ports.Min() > chosen.Max(), $"{ports.Min()} to {ports.Max()}, and {string.Join(", ", chosen)}");
    }

    [SkippableFact]
    public async Task A_server_whose_port_is_taken_starts_on_another_one_and_restarts_on_that()
    {
        Skip.If(RedisServer.Binaries is null, ServersFixture.Missing);
        await using var redis = new RedisServer();
        var first = redis.Port;
        int second;
        using (var other = new TcpListener(IPAddress.Loopback, first))
        {
            other.Start();
            await redis.StartAsync();
            second = redis.Port;
            Assert.NotEqual(first, second);
        }

        await redis.KillAsync();
        using var guest = new TcpListener(IPAddress.Loopback, second);
        guest.Start();
        var starting = redis.StartAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        guest.Stop();
        await starting;

        Assert.Equal(second, redis.Port);
    }
}
