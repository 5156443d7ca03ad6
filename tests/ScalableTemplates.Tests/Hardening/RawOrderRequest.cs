using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Places an order over a raw connection, with full control over what is sent and when.</summary>
internal sealed class RawOrderRequest : IDisposable
{
    private readonly TcpClient client = new() { NoDelay = true };

    private RawOrderRequest()
    {
    }

    /// <summary>Sends the headers of an order.</summary>
    /// <param name="length">The length of the body; null if it is chunked.</param>
    public static async Task<RawOrderRequest> StartAsync(Uri address, long? length, string path = "/v1/orders")
    {
        var request = new RawOrderRequest();
        await request.client.ConnectAsync(IPAddress.Loopback, address.Port);
        var framing = length is null ? "Transfer-Encoding: chunked" : $"Content-Length: {length}";
        await request.SendAsync(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {Token.Create()}\r\nIdempotency-Key: {Guid.NewGuid()}\r\n"
            + $"Content-Type: application/json\r\n{framing}\r\n\r\n");
        return request;
    }

    public async Task SendAsync(string text) => await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Sends white space, with which JSON may begin, until the server closes the connection.</summary>
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

    /// <returns>Everything received until the connection is closed.</returns>
    public async Task<string> ReceiveAsync()
    {
        var received = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(received).WaitAsync(Daemon.WaitTimeout);
        }
        catch (IOException)
        {
            // The server closed the connection while the client was still sending.
        }

        return Encoding.ASCII.GetString(received.ToArray());
    }

    /// <returns>Everything received up to and including <paramref name="end"/>.</returns>
    public async Task<string> ReceiveUntilAsync(string end)
    {
        var received = "";
        var buffer = new byte[4096];
        while (!received.EndsWith(end, StringComparison.Ordinal))
        {
            var length = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Daemon.WaitTimeout);
            Assert.True(length > 0, received);
            received += Encoding.ASCII.GetString(buffer, 0, length);
        }

        return received;
    }

    public void Dispose() => client.Dispose();
}
