using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>An HTTP/1.1 connection with minimal overhead, as the load generator shares the CPUs with the API under test.</summary>
internal sealed class RawHttpConnection(Uri server) : IDisposable
{
    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[32 * 1024];
    private int length;

    /// <summary>Whether the response is a 503 with problem details and a Retry-After of whole seconds.</summary>
    public bool IsRejection => Has("\r\nContent-Type: application/problem+json\r\n"u8) && Has("\"status\":503"u8)
        && buffer.AsSpan(0, length).IndexOf(RetryAfter) is > 0 and var at && buffer[at + RetryAfter.Length] is >= (byte)'1' and <= (byte)'9'
        && buffer.AsSpan(at + RetryAfter.Length).IndexOf((byte)'\r') == buffer.AsSpan(at + RetryAfter.Length).IndexOfAnyExceptInRange((byte)'0', (byte)'9');

    public string Text => Encoding.ASCII.GetString(buffer, 0, length);

    /// <returns>The status code. <see cref="Text"/> holds the whole response until the next request.</returns>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request)
    {
        if (!socket.Connected)
        {
            await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        }

        await socket.SendAsync(request);
        length = 0;
        while (!IsComplete(buffer.AsSpan(0, length)))
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(length));
            length += count > 0 ? count : throw new IOException($"The connection was closed after: {Text}");
        }

        return ((buffer[9] - '0') * 100) + ((buffer[10] - '0') * 10) + buffer[11] - '0';
    }

    public void Dispose() => socket.Dispose();

    private static ReadOnlySpan<byte> RetryAfter => "\r\nRetry-After: "u8;

    private bool Has(ReadOnlySpan<byte> text) => buffer.AsSpan(0, length).IndexOf(text) > 0;

    private static bool IsComplete(ReadOnlySpan<byte> response)
    {
        var end = response.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var header = response[..end];
        var name = "\r\nContent-Length: "u8;
        var start = header.IndexOf(name);
        if (start < 0)
        {
            return header.IndexOf("\r\nTransfer-Encoding: chunked"u8) < 0 || response.EndsWith("\r\n0\r\n\r\n"u8);
        }

        var body = 0;
        foreach (var digit in header[(start + name.Length)..])
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                break;
            }

            body = (body * 10) + digit - '0';
        }

        return response.Length >= end + 4 + body;
    }
}
