using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Where a server listens that has to be told so, and that somebody else may take before the server does.</summary>
/// <param name="count">How many ports it needs, one after the other.</param>
internal sealed partial class ServerPort(int count = 1)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private bool hasRun;

    /// <summary>The first one. Final as soon as the server has run.</summary>
    public int Number { get; private set; } = FreePort.Next(count);

    /// <summary>
    /// Starts the server. If a port was taken meanwhile: at other ones; after it has run once and is known there, at the same ones,
    /// as soon as they are free.
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
            catch (DaemonEndedException exception) when (Taken().IsMatch(exception.Message) && clock.Elapsed < Patience)
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

    // As Kestrel, PostgreSQL, Redis and PgBouncer say it, and the two ways of RabbitMQ.
    [GeneratedRegex("(address|port).{0,60} in use|eaddrinuse|port_already_used", RegexOptions.IgnoreCase)]
    private static partial Regex Taken();
}
