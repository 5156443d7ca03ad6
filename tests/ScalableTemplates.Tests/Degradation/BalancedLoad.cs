using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>
/// Clients that place and list orders at a constant rate, or as fast as they are answered, through a load balancer, which sends nothing
/// to a replica from a moment after its /health is not 200. Nobody asks twice: what fails has failed.
/// </summary>
internal sealed class BalancedLoad : IAsyncDisposable
{
    private const int RequestsPerSecond = 50;

    // So few that a slow API has no reason to turn any away.
    private const int MostWaiting = 8;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient client = new();
    private readonly HttpClient prober = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly SemaphoreSlim places = new(MostWaiting);
    private readonly CancellationTokenSource stopping = new();
    private readonly Guid product;
    private readonly Task[] running;
    private volatile Uri[] ready;
    private int turn;
    private int answered;

    public BalancedLoad(IReadOnlyCollection<Uri> replicas, Guid product)
    {
        this.product = product;
        ready = [.. replicas];
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        running = [ProbeAsync(replicas), SendAllAsync()];
    }

    public ConcurrentBag<string> Failures { get; } = [];

    /// <summary>What /health of each replica has said, and how that changed.</summary>
    public ConcurrentDictionary<Uri, string> Words { get; } = [];

    public bool IsReady(Uri replica) => ready.Contains(replica);

    public int Answered => answered;

    /// <summary>Waits until so many more requests are answered.</summary>
    public Task AnswerAsync(int count)
    {
        var until = answered + count;
        return UntilAsync(() => answered >= until);
    }

    /// <summary>Waits until the load balancer has noticed that the replica is, or is no more, to be sent requests.</summary>
    public Task NoticeAsync(Uri replica, bool isReady) => UntilAsync(() => IsReady(replica) == isReady);

    /// <summary>Sends no more, and waits for all answers.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        client.Dispose();
        prober.Dispose();
        places.Dispose();
        stopping.Dispose();
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var timeout = new CancellationTokenSource(Daemon.Patience);
        while (!isSo())
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    private async Task ProbeAsync(IReadOnlyCollection<Uri> replicas)
    {
        while (!stopping.IsCancellationRequested)
        {
            var answers = await Task.WhenAll(replicas.Select(IsWellAsync));
            ready = [.. replicas.Where((_, index) => answers[index])];
            await Task.Delay(ProbeInterval);
        }
    }

    private async Task<bool> IsWellAsync(Uri replica)
    {
        try
        {
            using var response = await prober.GetAsync(new Uri(replica, "health"));
            var word = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
            Words.AddOrUpdate(replica, word, (_, words) => words.EndsWith(word, StringComparison.Ordinal) ? words : $"{words}, {word}");
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task SendAllAsync()
    {
        var requests = new List<Task>();
        while (!stopping.IsCancellationRequested)
        {
            await places.WaitAsync();
            requests.Add(SendAsync(requests.Count));
            await Task.Delay(TimeSpan.FromSeconds(1) / RequestsPerSecond);
        }

        await Task.WhenAll(requests);
    }

    private async Task SendAsync(int number)
    {
        Uri[] replicas;
        while ((replicas = ready) is [])
        {
            await Task.Delay(ProbeInterval);
        }

        var replica = replicas[(uint)Interlocked.Increment(ref turn) % replicas.Length];
        using var request = new HttpRequestMessage(number % 2 == 0 ? HttpMethod.Post : HttpMethod.Get, new Uri(replica, "v1/orders"));
        if (number % 2 == 0)
        {
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
            request.Content = JsonContent.Create(
                new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } });
        }

        try
        {
            using var response = await client.SendAsync(request);
            Interlocked.Increment(ref answered);
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Accepted))
            {
                Failures.Add($"{request.Method} {replica}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            Failures.Add($"{request.Method} {replica}: {exception}");
        }
        finally
        {
            places.Release();
        }
    }
}
