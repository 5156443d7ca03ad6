using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Runner;

/// <summary>Open-loop load: sends orders at a constant rate, independent of responses.</summary>
internal sealed class OpenLoopClient(Uri address, int perSecond)
{
    /// <returns>The send time of each order.</returns>
    public async Task<Dictionary<Guid, DateTime>> RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var sent = new Dictionary<Guid, DateTime>();
        var responses = new List<Task>();
        // A dedicated thread, so that thread pool starvation cannot delay sending.
        var sending = new Thread(() =>
        {
            var count = (int)(length.TotalSeconds * perSecond);
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < count && !cancellationToken.IsCancellationRequested; i++)
            {
                var wait = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(started);
                if (wait > TimeSpan.Zero)
                {
                    Thread.Sleep(wait);
                }

                var id = Guid.CreateVersion7();
                sent[id] = DateTime.UtcNow;
                responses.Add(SendAsync(client, id, cancellationToken));
            }
        });
        sending.Start();
        while (sending.IsAlive)
        {
            await Task.Delay(100, CancellationToken.None);
        }

        await Task.WhenAll(responses);
        cancellationToken.ThrowIfCancellationRequested();
        return sent;
    }

    /// <summary>Closed-loop load: sends orders over a fixed number of concurrent requests.</summary>
    public async Task SendAllAsync(int count, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
            async (_, token) => await SendAsync(client, Guid.CreateVersion7(), token));
    }

    private async Task SendAsync(HttpClient client, Guid id, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(address, new { Id = id, Customer = "ada", Total = 12.5m }, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Accepted)
        {
            throw new InvalidOperationException($"{address} returned {response.StatusCode}.");
        }
    }
}
