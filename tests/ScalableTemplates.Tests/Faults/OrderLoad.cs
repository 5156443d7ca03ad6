using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Faults;

/// <summary>
/// An open-loop load generator: clients arrive at a constant rate, and each places an order, retrying with the same Idempotency-Key
/// until it is accepted. Arrivals are dropped while more clients wait than in a short outage, as the machine is too slow for the rate.
/// </summary>
internal sealed class OrderLoad
{
    // If a slow machine prolongs a fault, more orders would only overload it.
    private const int MaxOrders = 10_000;

    // As many as arrive during a restart of the database.
    private const int MaxWaiting = 300;

    private static readonly int OrdersPerSecond =
        int.TryParse(Environment.GetEnvironmentVariable("FAULT_RATE"), CultureInfo.InvariantCulture, out var rate) ? rate : 60;

    // Generous, as these tests assert that each client gets a response, not how soon.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    // Longer than the request timeout of the API: a retry after an earlier timeout would find its own key still in progress.
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Uri[] addresses;
    private readonly Guid product;
    private readonly List<Task> orders = [];
    private readonly CancellationTokenSource stopping = new();
    private Task placing = Task.CompletedTask;
    private int waiting;
    private int turn;
    private long slowestTicks;

    private OrderLoad(Uri[] addresses, Guid product)
    {
        this.addresses = addresses;
        this.product = product;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
    }

    /// <summary>The order by idempotency key.</summary>
    public ConcurrentDictionary<string, Guid> Accepted { get; } = [];

    /// <summary>The last error of each order that was abandoned, by idempotency key.</summary>
    public ConcurrentDictionary<string, string> Abandoned { get; } = [];

    public int Placed => orders.Count;

    /// <summary>The number of retried requests by reason.</summary>
    public ConcurrentDictionary<string, int> Retried { get; } = [];

    /// <summary>The longest time until an order was accepted, including retries.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(slowestTicks);

    public DateTimeOffset? StoppedAt { get; private set; }

    /// <param name="addresses">The replicas, used in round-robin order.</param>
    /// <param name="product">The product to order.</param>
    public static async Task<OrderLoad> StartAsync(IEnumerable<Uri> addresses, Guid product)
    {
        var load = new OrderLoad([.. addresses], product);
        await load.WarmUpAsync();
        load.placing = load.PlaceAllAsync();
        return load;
    }

    /// <summary>Stops placing orders and waits until all orders are accepted or abandoned.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await placing;
        StoppedAt = DateTimeOffset.UtcNow;
        await Task.WhenAll(orders);
        client.Dispose();
        stopping.Dispose();
    }

    // The first requests of a process are slow, which has nothing to do with the fault. Enough requests for tiered compilation.
    private async Task WarmUpAsync()
    {
        for (var number = 0; number < 60 * addresses.Length; number++)
        {
            await PlaceAsync($"warm-up-{number}");
        }

        slowestTicks = 0;
    }

    private async Task PlaceAllAsync()
    {
        var clock = Stopwatch.StartNew();
        var arrived = 0;
        while (!stopping.IsCancellationRequested)
        {
            for (; arrived < clock.Elapsed.TotalSeconds * OrdersPerSecond; arrived++)
            {
                if (orders.Count < MaxOrders && Volatile.Read(ref waiting) < MaxWaiting)
                {
                    Interlocked.Increment(ref waiting);
                    orders.Add(PlaceAndLeaveAsync(orders.Count.ToString(CultureInfo.InvariantCulture)));
                }
            }

            await Task.Delay(5);
        }
    }

    private async Task PlaceAndLeaveAsync(string key)
    {
        await Task.Yield();
        await PlaceAsync(key);
        Interlocked.Decrement(ref waiting);
    }

    private async Task PlaceAsync(string key)
    {
        var clock = Stopwatch.StartNew();
        for (var attempt = 1; ; attempt++)
        {
            var (order, error, mayRetry, retryAfter) = await PostAsync(key);
            if (order is not null)
            {
                Accepted[key] = order.Value;
                InterlockedMax(clock.Elapsed.Ticks);
                return;
            }

            if (!mayRetry || clock.Elapsed > Timeout)
            {
                Abandoned[key] = error;
                return;
            }

            Retried.AddOrUpdate(error, 1, (_, count) => count + 1);
            await Task.Delay(retryAfter + TimeSpan.FromMilliseconds(Random.Shared.Next(100, 200 * Math.Min(attempt + 1, 10))));
        }
    }

    private async Task<(Guid? Order, string Error, bool MayRetry, TimeSpan RetryAfter)> PostAsync(string key)
    {
        var address = addresses[(uint)Interlocked.Increment(ref turn) % addresses.Length];
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "v1/orders"));
        request.Headers.Add("Idempotency-Key", key);
        request.Content = JsonContent.Create(new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } });
        try
        {
            using var response = await client.SendAsync(request);
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                return ((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid(), "", false, default);
            }

            // A 409 with Retry-After means that the key is in progress; any other 409 is final.
            var retryAfter = response.Headers.RetryAfter?.Delta;
            var mayRetry = response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
                || (response.StatusCode == HttpStatusCode.Conflict && retryAfter is not null);
            var error = mayRetry ? $"{(int)response.StatusCode}" : $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
            return (null, error, mayRetry, retryAfter ?? TimeSpan.Zero);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return (null, exception.GetType().Name, true, TimeSpan.Zero);
        }
    }

    private void InterlockedMax(long ticks)
    {
        for (var current = slowestTicks; ticks > current;)
        {
            var before = Interlocked.CompareExchange(ref slowestTicks, ticks, current);
            if (before == current)
            {
                return;
            }

            current = before;
        }
    }
}
