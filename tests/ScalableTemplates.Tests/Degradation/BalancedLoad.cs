using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>
/// Clients that place and list orders, at a constant rate at most, through a load balancer that removes a replica once its /health is
/// not 200. Failed requests are not retried.
/// </summary>
internal sealed class BalancedLoad : IAsyncDisposable
{
    private const int RequestsPerSecond = 50;

    // Few enough that even a slow API sheds no request.
    private const int MaxConcurrency = 8;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient client = new();
    private readonly HttpClient prober = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly SemaphoreSlim slots = new(MaxConcurrency);
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

    /// <summary>The sequence of distinct /health responses of each replica.</summary>
    public ConcurrentDictionary<Uri, string> HealthHistory { get; } = [];

    public bool IsReady(Uri replica) => ready.Contains(replica);

    public int Answered => answered;

    /// <summary>Waits until <paramref name="count"/> more requests have got a response.</summary>
    public Task WaitForResponsesAsync(int count)
    {
        var until = answered + count;
        return UntilAsync(() => answered >= until);
    }

    /// <summary>Waits until the load balancer has added or removed the replica.</summary>
    public Task WaitForReadinessAsync(Uri replica, bool isReady) => UntilAsync(() => IsReady(replica) == isReady);

    /// <summary>Stops sending requests and waits for all responses.</summary>
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
        slots.Dispose();
        stopping.Dispose();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Daemon.WaitTimeout);
        while (!condition())
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    private async Task ProbeAsync(IReadOnlyCollection<Uri> replicas)
    {
        while (!stopping.IsCancellationRequested)
        {
            var results = await Task.WhenAll(replicas.Select(IsReadyAsync));
            ready = [.. replicas.Where((_, index) => results[index])];
            await Task.Delay(ProbeInterval);
        }
    }

    private async Task<bool> IsReadyAsync(Uri replica)
    {
        try
        {
            using var response = await prober.GetAsync(new Uri(replica, "health"));
            var status = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
            HealthHistory.AddOrUpdate(replica, status, (_, history) => history.EndsWith(status, StringComparison.Ordinal) ? history : $"{history}, {status}");
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
            await slots.WaitAsync();
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
            slots.Release();
        }
    }
}
