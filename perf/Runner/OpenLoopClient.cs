using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Runner;

/// <summary>Sends orders at a constant rate, whether or not earlier ones are answered.</summary>
internal sealed class OpenLoopClient(Uri address, int perSecond)
{
    /// <returns>When each order was sent.</returns>
    public async Task<Dictionary<Guid, DateTime>> RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var sent = new Dictionary<Guid, DateTime>();
        var answers = new List<Task>();
        // A thread of its own: it is late only if the machine is.
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
                answers.Add(SendAsync(client, id, cancellationToken));
            }
        });
        sending.Start();
        while (sending.IsAlive)
        {
            await Task.Delay(100, CancellationToken.None);
        }

        await Task.WhenAll(answers);
        cancellationToken.ThrowIfCancellationRequested();
        return sent;
    }

    /// <summary>Sends orders as fast as they are answered, some at the same time.</summary>
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
            throw new InvalidOperationException($"{address} answered {response.StatusCode}.");
        }
    }
}
