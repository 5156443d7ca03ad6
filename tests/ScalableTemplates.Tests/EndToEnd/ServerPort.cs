using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The port of a server that cannot listen on port 0. Another process may take the port before the server does.</summary>
/// <param name="count">The number of consecutive ports.</param>
internal sealed partial class ServerPort(int count = 1)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private bool hasRun;

    /// <summary>The first port, which is final once the server has run.</summary>
    public int Number { get; private set; } = FreePort.Next(count);

    /// <summary>
    /// Starts the server. If a port was taken in the meantime, retries with other ports, or, once the server has run, with the same
    /// ports until they are free.
    /// </summary>
    public async Task StartAsync(Func<Task> start)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                await start();
                hasRun = true;
                return;
            }
            catch (DaemonEndedException exception) when (PortInUse().IsMatch(exception.Message) && clock.Elapsed < Timeout)
            {
                if (hasRun)
                {
                    await Task.Delay(TimeSpan.FromSeconds(1));
                }
                else
                {
                    Number = FreePort.Next(count);
                }
            }
        }
    }

    // The errors of Kestrel, PostgreSQL, Redis, PgBouncer and RabbitMQ, which has two.
    [GeneratedRegex("(address|port).{0,60} in use|eaddrinuse|port_already_used", RegexOptions.IgnoreCase)]
    private static partial Regex PortInUse();
}
