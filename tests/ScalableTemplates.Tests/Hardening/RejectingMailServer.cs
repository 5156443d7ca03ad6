using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>A mail server that rejects some logins and recipients and quotes them in its error.</summary>
/// <param name="password">The valid password.</param>
/// <param name="unknown">The recipient that it rejects.</param>
internal sealed partial class RejectingMailServer(string password, string unknown) : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Start()
    {
        listener.Start();
        _ = AcceptAsync();
    }

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
        try
        {
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 ready");
            while (await reader.ReadLineAsync() is { } line)
            {
                await writer.WriteLineAsync(Respond(line));
                while (line == "DATA" && await reader.ReadLineAsync() is { } text)
                {
                    if (text == ".")
                    {
                        await writer.WriteLineAsync("250 done");
                        break;
                    }
                }
            }
        }
        catch (IOException)
        {
            // The sender was killed.
        }
    }

    private string Respond(string line) => line switch
    {
        "DATA" => "354 go on",
        _ when line.StartsWith("EHLO", StringComparison.Ordinal) => "250-here\r\n250 AUTH PLAIN",
        _ when Login().Match(line) is { Success: true } login => Respond(Encoding.UTF8.GetString(Convert.FromBase64String(login.Groups[1].Value)).Split('\0')),
        _ when line.Contains(unknown, StringComparison.Ordinal) => $"550 5.1.1 <{unknown}>: Recipient address rejected: User unknown",
        _ => "250 done",
    };

    private string Respond(string[] login) =>
        login[^1] == password ? "235 welcome" : $"535 5.7.8 {login[^2]} may not log in with {login[^1]}";

    [GeneratedRegex("^AUTH PLAIN (.+)$")]
    private static partial Regex Login();
}
