using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Ports for servers that cannot listen on port 0, which would avoid the race for a free port.</summary>
internal static class FreePort
{
    private const int First = 10_000;
    private const int AfterLast = 65_536;
    private const int MinPorts = 5_000;
    private const int MaxAttempts = 10;

    private static readonly HashSet<int> Reserved = [];

    // The range of outgoing connections, which may take any of its ports while a server restarts.
    private static readonly (int From, int To) Ephemeral = FindEphemeral();

    private static readonly (int From, int Before) Range =
        Ephemeral.From - First >= MinPorts ? (First, Ephemeral.From)
        : AfterLast - Ephemeral.To > MinPorts ? (Ephemeral.To + 1, AfterLast)
        : (First, AfterLast);

    /// <param name="count">The number of consecutive ports.</param>
    /// <returns>The first port. All ports are free on the loopback address and are never returned again.</returns>
    public static int Next(int count = 1)
    {
        lock (Reserved)
        {
            while (true)
            {
                var first = Random.Shared.Next(Range.From, Range.Before - count + 1);
                var ports = Enumerable.Range(first, count).ToList();
                if (!ports.Exists(Reserved.Contains) && ports.TrueForAll(IsFree))
                {
                    Reserved.UnionWith(ports);
                    return first;
                }
            }
        }
    }

    /// <summary>Starts a listener of this process, on another port if the first was taken in the meantime.</summary>
    public static T Listen<T>(Func<int, T> listen)
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return listen(Next());
            }
            catch (Exception exception) when (exception is SocketException or HttpListenerException && attempts < MaxAttempts)
            {
                // Try the next port.
            }
        }
    }

    /// <summary>Whether a port of the loopback address is currently free.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static (int From, int To) FindEphemeral()
    {
        const string Setting = "/proc/sys/net/ipv4/ip_local_port_range";
        var range = File.Exists(Setting) ? File.ReadAllText(Setting).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];
        return range is [var from, var to]
            ? (int.Parse(from, CultureInfo.InvariantCulture), int.Parse(to, CultureInfo.InvariantCulture))
            // The range that IANA recommends and most systems use.
            : (49_152, AfterLast - 1);
    }
}
