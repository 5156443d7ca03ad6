using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Ports for servers that have to be told theirs. Who can have the system choose one should: then nobody comes in between.</summary>
internal static class FreePort
{
    private const int First = 10_000;
    private const int AfterLast = 65_536;
    private const int Enough = 5_000;
    private const int MostTries = 10;

    private static readonly HashSet<int> Given = [];

    // Outgoing connections get theirs from this range at any time, so none of it stays free while a server restarts.
    private static readonly (int From, int To) Ephemeral = FindEphemeral();

    private static readonly (int From, int Before) Range =
        Ephemeral.From - First >= Enough ? (First, Ephemeral.From)
        : AfterLast - Ephemeral.To > Enough ? (Ephemeral.To + 1, AfterLast)
        : (First, AfterLast);

    /// <param name="count">How many, one after the other.</param>
    /// <returns>The first of ports that are free on the loopback address, and that no other caller was given or will be.</returns>
    public static int Next(int count = 1)
    {
        lock (Given)
        {
            while (true)
            {
                var first = Random.Shared.Next(Range.From, Range.Before - count + 1);
                var ports = Enumerable.Range(first, count).ToList();
                if (!ports.Exists(Given.Contains) && ports.TrueForAll(IsFree))
                {
                    Given.UnionWith(ports);
                    return first;
                }
            }
        }
    }

    /// <summary>Has a server of this process listen, at another port if somebody else was quicker.</summary>
    public static T Listen<T>(Func<int, T> listen)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return listen(Next());
            }
            catch (Exception exception) when (exception is SocketException or HttpListenerException && tries < MostTries)
            {
                // The next one, then.
            }
        }
    }

    /// <summary>Whether a port of the loopback address is free at this moment.</summary>
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
            // As IANA has it, and most systems.
            : (49_152, AfterLast - 1);
    }
}
