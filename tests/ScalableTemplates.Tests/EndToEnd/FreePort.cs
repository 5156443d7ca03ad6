using System.Net;
using System.Net.Sockets;

namespace ScalableTemplates.Tests.EndToEnd;

internal static class FreePort
{
    private static readonly HashSet<int> Given = [];

    /// <returns>A port that is free on the loopback address, and that no other caller was given.</returns>
    public static int Next()
    {
        lock (Given)
        {
            while (true)
            {
                using var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                var port = ((IPEndPoint)listener.LocalEndpoint).Port;
                if (Given.Add(port))
                {
                    return port;
                }
            }
        }
    }
}
