using System.Collections.Concurrent;
using System.Diagnostics;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Sends a mix of requests for a given duration and measures the responses.</summary>
internal sealed class LoadGenerator(Uri server, RequestMix mix) : IDisposable
{
    // Far more than are in flight at the same time if rejections are fast.
    private const int MaxConnections = 2000;

    private readonly ConcurrentStack<RawHttpConnection> idle = [];
    private int connections;
    private int number;

    /// <summary>Closed loop: each client sends its next request as soon as it has a response, which measures the capacity of the server.</summary>
    public async Task<LoadResult> RunClosedLoopAsync(int clients, TimeSpan duration)
    {
        var result = new LoadResult(duration);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (clock.Elapsed < duration)
            {
                await SendAsync(result, Stopwatch.GetTimestamp());
            }
        }));
        return result;
    }

    /// <summary>Open loop: requests are sent at a constant rate regardless of earlier responses. Latency is measured from the scheduled time.</summary>
    public async Task<LoadResult> RunOpenLoopAsync(double perSecond, TimeSpan duration)
    {
        var result = new LoadResult(duration);
        // Uses a dedicated thread: on a pool thread it would be delayed by the handling of responses and then send hundreds at once.
        var requests = await Task.Factory.StartNew(() => SendAtRate(result, perSecond, duration), TaskCreationOptions.LongRunning);
        await Task.WhenAll(requests);
        return result;
    }

    public void Dispose()
    {
        foreach (var connection in idle)
        {
            connection.Dispose();
        }
    }

    private List<Task> SendAtRate(LoadResult result, double perSecond, TimeSpan duration)
    {
        var requests = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        var ticksBetween = Stopwatch.Frequency / perSecond;
        var count = 0L;
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            for (var now = Stopwatch.GetTimestamp(); start + (long)(count * ticksBetween) is var due && due <= now; count++)
            {
                requests.Add(SendAsync(result, due));
            }

            // Keeping all completed tasks would load the garbage collector.
            requests.RemoveAll(request => request.IsCompleted);
            Thread.Sleep(1);
        }

        return requests;
    }

    private async Task SendAsync(LoadResult result, long due)
    {
        if (!idle.TryPop(out var connection))
        {
            if (Interlocked.Increment(ref connections) > MaxConnections)
            {
                Interlocked.Decrement(ref connections);
                result.AddNotSent();
                return;
            }

            connection = new RawHttpConnection(server);
        }

        try
        {
            result.AddLateness(Stopwatch.GetElapsedTime(due));
            var status = await connection.SendAsync(mix[Interlocked.Increment(ref number)]);
            result.Add(status, Stopwatch.GetElapsedTime(due), connection);
            idle.Push(connection);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            Interlocked.Decrement(ref connections);
            connection.Dispose();
            result.AddUnexpected(exception.Message);
        }
    }
}
