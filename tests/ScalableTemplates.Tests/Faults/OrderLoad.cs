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
/// Clients that come at a constant rate and place an order, whether or not earlier ones were answered; only if more wait than for a
/// short outage, as the machine is too slow for that rate, they go away again. Each asks again, with the same Idempotency-Key, until
/// it knows its order.
/// </summary>
internal sealed class OrderLoad
{
    // Where the machine is so slow that a fault lasts longer than this, more orders would only bury it.
    private const int MostOrders = 10_000;

    // As many as come in the seconds in which the database restarts.
    private const int MostWaiting = 300;

    private static readonly int OrdersPerSecond =
        int.TryParse(Environment.GetEnvironmentVariable("FAULT_RATE"), CultureInfo.InvariantCulture, out var rate) ? rate : 125;

    // How long an answer takes is not the question, only that each client gets one.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // Longer than the request timeout of the API: who gives up sooner finds the own key in progress when he asks again.
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

    /// <summary>The order that was answered for each key.</summary>
    public ConcurrentDictionary<string, Guid> Accepted { get; } = [];

    /// <summary>Orders whose client gave up, with the last answer it got.</summary>
    public ConcurrentDictionary<string, string> GivenUp { get; } = [];

    public int Placed => orders.Count;

    /// <summary>How many requests failed in a way that their client may ask again, by the reason.</summary>
    public ConcurrentDictionary<string, int> Retried { get; } = [];

    /// <summary>The longest that a client waited until it knew its order, over all its requests.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(slowestTicks);

    public DateTimeOffset? StoppedAt { get; private set; }

    /// <param name="addresses">Of the replicas, asked in turn.</param>
    /// <param name="product">What is ordered.</param>
    public static async Task<OrderLoad> StartAsync(IEnumerable<Uri> addresses, Guid product)
    {
        var load = new OrderLoad([.. addresses], product);
        await load.WarmUpAsync();
        load.placing = load.PlaceAllAsync();
        return load;
    }

    /// <summary>Places no more orders, and waits until all clients know theirs or have given up.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await placing;
        StoppedAt = DateTimeOffset.UtcNow;
        await Task.WhenAll(orders);
        client.Dispose();
        stopping.Dispose();
    }

    // The first requests of a process take long, and say nothing about the fault. So many that the runtime has compiled them.
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
        var come = 0;
        while (!stopping.IsCancellationRequested)
        {
            for (; come < clock.Elapsed.TotalSeconds * OrdersPerSecond; come++)
            {
                if (orders.Count < MostOrders && Volatile.Read(ref waiting) < MostWaiting)
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

            if (!mayRetry || clock.Elapsed > Patience)
            {
                GivenUp[key] = error;
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

            // A key in progress is a 409 that says when to come back; one that does not is final.
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
