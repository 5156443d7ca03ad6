using System.Collections.Concurrent;
using System.Diagnostics;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Sends a mix of requests for some time, and measures.</summary>
internal sealed class Traffic(Uri server, TrafficMix mix) : IDisposable
{
    // Far more than are answered at the same time, if refusals are quick.
    private const int MostConnections = 2000;

    private readonly ConcurrentStack<CheapConnection> idle = [];
    private int connections;
    private int number;

    /// <summary>As many clients as given ask, each again as soon as it was answered: so much as the server can do.</summary>
    public async Task<TrafficFigures> AskInTurnAsync(int clients, TimeSpan duration)
    {
        var figures = new TrafficFigures(duration);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (clock.Elapsed < duration)
            {
                await AskAsync(figures, Stopwatch.GetTimestamp());
            }
        }));
        return figures;
    }

    /// <summary>Clients ask at a constant rate, whatever becomes of the earlier requests. How long one takes counts from when it was due.</summary>
    public async Task<TrafficFigures> AskAtRateAsync(double perSecond, TimeSpan duration)
    {
        var figures = new TrafficFigures(duration);
        // On a thread of its own: on one of the pool it would wait until answers are read, and then ask for hundreds at once.
        var asked = await Task.Factory.StartNew(() => AskAtRate(figures, perSecond, duration), TaskCreationOptions.LongRunning);
        await Task.WhenAll(asked);
        return figures;
    }

    public void Dispose()
    {
        foreach (var connection in idle)
        {
            connection.Dispose();
        }
    }

    private List<Task> AskAtRate(TrafficFigures figures, double perSecond, TimeSpan duration)
    {
        var asked = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        var ticksBetween = Stopwatch.Frequency / perSecond;
        var count = 0L;
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            for (var now = Stopwatch.GetTimestamp(); start + (long)(count * ticksBetween) is var due && due <= now; count++)
            {
                asked.Add(AskAsync(figures, due));
            }

            // All of them would be what the garbage collector is busy with.
            asked.RemoveAll(request => request.IsCompleted);
            Thread.Sleep(1);
        }

        return asked;
    }

    private async Task AskAsync(TrafficFigures figures, long due)
    {
        if (!idle.TryPop(out var connection))
        {
            if (Interlocked.Increment(ref connections) > MostConnections)
            {
                Interlocked.Decrement(ref connections);
                figures.AddNotSent();
                return;
            }

            connection = new CheapConnection(server);
        }

        try
        {
            figures.AddLateness(Stopwatch.GetElapsedTime(due));
            var status = await connection.SendAsync(mix[Interlocked.Increment(ref number)]);
            figures.Add(status, Stopwatch.GetElapsedTime(due), connection);
            idle.Push(connection);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            Interlocked.Decrement(ref connections);
            connection.Dispose();
            figures.AddWrong(exception.Message);
        }
    }
}
