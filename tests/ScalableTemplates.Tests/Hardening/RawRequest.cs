using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>An order over a connection of its own, sent byte by byte as the test wants it.</summary>
internal sealed class RawRequest : IDisposable
{
    private readonly TcpClient client = new() { NoDelay = true };

    private RawRequest()
    {
    }

    /// <summary>Sends the headers of an order.</summary>
    /// <param name="length">Of the body; null if it is sent in chunks.</param>
    public static async Task<RawRequest> StartAsync(Uri address, long? length, string path = "/v1/orders")
    {
        var request = new RawRequest();
        await request.client.ConnectAsync(IPAddress.Loopback, address.Port);
        var framing = length is null ? "Transfer-Encoding: chunked" : $"Content-Length: {length}";
        await request.SendAsync(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {Token.Create()}\r\nIdempotency-Key: {Guid.NewGuid()}\r\n"
            + $"Content-Type: application/json\r\n{framing}\r\n\r\n");
        return request;
    }

    public async Task SendAsync(string text) => await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Sends white space, which JSON may begin with, until somebody has had enough of it.</summary>
    public async Task SendSlowlyAsync(int bytesPerSecond, bool isChunked)
    {
        var spaces = new string(' ', bytesPerSecond / 10);
        var part = isChunked ? $"{spaces.Length.ToString("x", CultureInfo.InvariantCulture)}\r\n{spaces}\r\n" : spaces;
        try
        {
            while (true)
            {
                await SendAsync(part);
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // The connection was closed.
        }
    }

    /// <returns>All that is received until the connection is closed.</returns>
    public async Task<string> ReceiveAsync()
    {
        var received = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(received).WaitAsync(Daemon.Patience);
        }
        catch (IOException)
        {
            // Closed while it was still sending.
        }

        return Encoding.ASCII.GetString(received.ToArray());
    }

    /// <returns>What is received until then, the end of which is <paramref name="end"/>.</returns>
    public async Task<string> ReceiveUntilAsync(string end)
    {
        var received = "";
        var buffer = new byte[4096];
        while (!received.EndsWith(end, StringComparison.Ordinal))
        {
            var length = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Daemon.Patience);
            Assert.True(length > 0, received);
            received += Encoding.ASCII.GetString(buffer, 0, length);
        }

        return received;
    }

    public void Dispose() => client.Dispose();
}
