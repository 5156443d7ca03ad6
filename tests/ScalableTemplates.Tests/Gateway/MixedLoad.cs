using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Gateway;

/// <summary>Clients that read products and orders and place orders, one request after another, without retries.</summary>
internal sealed class MixedLoad : IAsyncDisposable
{
    private const int Clients = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly HttpClient client = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Guid product;
    private readonly Task[] running;
    private int answered;

    public MixedLoad(Uri gateway, Guid product)
    {
        this.product = product;
        client.BaseAddress = gateway;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create(subject: "grace"));
        running = [.. Enumerable.Range(0, Clients).Select(RunAsync)];
    }

    public ConcurrentBag<(string Request, string Outcome, TimeSpan Took)> Reads { get; } = [];

    /// <summary>The outcome of each Idempotency-Key: the id of the order, or the error.</summary>
    public ConcurrentDictionary<string, (Guid? Order, string Outcome)> Orders { get; } = [];

    /// <summary>Waits until <paramref name="count"/> more requests have got a response.</summary>
    public async Task WaitForResponsesAsync(int count)
    {
        using var timeout = new CancellationTokenSource(Daemon.WaitTimeout);
        for (var until = answered + count; answered < until;)
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    /// <summary>Stops sending requests and waits for all responses.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
    }

    public async Task<(Guid? Order, string Outcome)> PlaceAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", key);
        request.Content = JsonContent.Create(new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } });
        var (outcome, body) = await SendAsync(request);
        return (outcome == "202" ? JsonElement.Parse(body).GetProperty("id").GetGuid() : null, outcome);
    }

    /// <summary>All orders, page by page.</summary>
    public async Task<List<Guid>> GetOrdersAsync()
    {
        var orders = new List<Guid>();
        string? next = null;
        do
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"v1/orders?limit=100{(next is null ? "" : $"&after={next}")}");
            orders.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid()));
            next = page.TryGetProperty("next", out var id) ? id.GetString() : null;
        }
        while (next is not null);
        return orders;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        client.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(int number)
    {
        string[] paths = ["v1/products?limit=2", $"v1/products/{product}", "v1/orders?limit=2"];
        for (var turn = number; !stopping.IsCancellationRequested; turn++)
        {
            if (turn % 4 == 3)
            {
                var key = Guid.NewGuid().ToString();
                Orders[key] = await PlaceAsync(key);
            }
            else
            {
                var clock = Stopwatch.StartNew();
                using var request = new HttpRequestMessage(HttpMethod.Get, paths[turn % 4]);
                var (outcome, _) = await SendAsync(request);
                Reads.Add((paths[turn % 4], outcome, clock.Elapsed));
            }

            Interlocked.Increment(ref answered);
            await Task.Delay(Pause);
        }
    }

    private async Task<(string Outcome, string Body)> SendAsync(HttpRequestMessage request)
    {
        try
        {
            using var response = await client.SendAsync(request);
            return ($"{(int)response.StatusCode}", await response.Content.ReadAsStringAsync());
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return (exception.Message, "");
        }
    }
}
