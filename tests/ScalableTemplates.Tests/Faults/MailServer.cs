using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Faults;

/// <summary>An SMTP server that records mails without delivering them.</summary>
internal sealed partial class MailServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<string, Guid> ordersByMail = [];
    private int repeats;

    public MailServer()
    {
        listener.Start(backlog: 1000);
        Address = new Uri($"smtp://{listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>The order of each distinct mail. An order with two mails of different message ids occurs twice.</summary>
    public IEnumerable<Guid> Orders => ordersByMail.Values;

    /// <summary>The number of mails that repeat the message id of an earlier one, which mail clients can deduplicate.</summary>
    public int Repeats => repeats;

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
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
            // The listener was closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        client.NoDelay = true;
        try
        {
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 ready");
            while (await reader.ReadLineAsync() is { } line && line != "QUIT")
            {
                if (line == "DATA")
                {
                    await writer.WriteLineAsync("354 go on");
                    await ReceiveAsync(reader);
                }

                await writer.WriteLineAsync("250 done");
            }

            await writer.WriteLineAsync("221 bye");
        }
        catch (IOException)
        {
            // The sender was killed.
        }
    }

    private async Task ReceiveAsync(StreamReader reader)
    {
        string? id = null;
        Guid? order = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == ".")
            {
                if (!ordersByMail.TryAdd(id!, order!.Value))
                {
                    Interlocked.Increment(ref repeats);
                }

                return;
            }

            id ??= MessageId().Match(line) is { Success: true } header ? header.Groups[1].Value : null;
            order ??= Order().Match(line) is { Success: true } text ? Guid.Parse(text.Groups[1].Value) : null;
        }
    }

    [GeneratedRegex("^Message-Id: *<(.+)>", RegexOptions.IgnoreCase)]
    private static partial Regex MessageId();

    [GeneratedRegex("Order ([0-9a-f-]{36}) ")]
    private static partial Regex Order();
}
