using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Three replicas of the API behind round-robin load balancing: any replica can serve any request.</summary>
[Collection("Hardening")]
public sealed class StatelessnessTests(ServersFixture servers) : IAsyncLifetime
{
    private const int Replicas = 3;
    private const int Burst = 30;
    private const int MaxAttempts = 10;

    // The expiration of L1 entries, and as much again for the requests.
    private static readonly TimeSpan Staleness = TimeSpan.FromSeconds(5) + TimeSpan.FromSeconds(5);

    private readonly RedisServer redis = new();
    private Backend? backend;

    private Backend Backend
    {
        get
        {
            Skip.If(backend is null, ServersFixture.Missing);
            return backend!;
        }
    }

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            await redis.StartAsync();
            var connectionStrings = await servers.GetConnectionStringsAsync();
            connectionStrings["cache"] = redis.ConnectionString;
            backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), connectionStrings);
            backend.Set("RateLimiting__Plans__small__RequestsPerMinute", "60");
            backend.Set("RateLimiting__Plans__small__Burst", $"{Burst}");
            // Long, as a replica counts locally after a timeout of Redis, which a slow machine must not cause.
            backend.Set("Resilience__cache__Timeout__Timeout", "00:00:10");
            await backend.MigrateAsync();
            await Task.WhenAll(Enumerable.Range(0, Replicas).Select(backend.StartApiAsync));
        }
    }

    public async Task DisposeAsync()
    {
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await redis.DisposeAsync();
    }

    [SkippableFact]
    public async Task Orders_idempotency_keys_and_pages_survive_the_replica_that_served_them()
    {
        using var client = Client("ada", plan: null);
        var product = (await client.GetAllAsync("v1/products", limit: 1))[0];
        var orders = new ConcurrentDictionary<string, Guid>();
        using var stop = new CancellationTokenSource();
        var placing = Task.WhenAll(Enumerable.Range(0, 4).Select(async caller =>
        {
            for (var number = 0; !stop.IsCancellationRequested; number++)
            {
                orders[$"{caller}-{number}"] = await PlaceAsync(client, product, $"{caller}-{number}");
            }
        }));
        await Task.Delay(TimeSpan.FromSeconds(1));
        await Backend.KillApiAsync(1);
        await Task.Delay(TimeSpan.FromSeconds(1));
        await Backend.StartApiAsync(1);
        await Backend.KillApiAsync(2);
        await Task.Delay(TimeSpan.FromSeconds(1));
        await stop.CancelAsync();
        await placing;

        Assert.NotEmpty(orders);
        Assert.Equal(orders.Count, orders.Values.Distinct().Count());
        foreach (var (key, order) in orders.Take(50))
        {
            Assert.Equal(order, (await client.GetAsync($"v1/orders/{order}")).GetProperty("id").GetGuid());
            Assert.Equal(order, await PlaceAsync(client, product, key));
        }

        var listed = await client.GetAllAsync("v1/orders", limit: 7);
        Assert.Equal(orders.Values.OrderDescending().Select(id => id.ToString()), listed.Select(id => id.ToString()));
    }

    [SkippableFact]
    public async Task A_change_is_visible_on_every_replica()
    {
        using var client = Client("ada", plan: null);
        var product = (await client.GetAllAsync("v1/products", limit: 2))[^1];
        var replicas = Enumerable.Range(0, Replicas).Select(number => new RoundRobin([Backend.AddressOf(number)], Token.Create())).ToList();
        var times = new List<TimeSpan>();
        do
        {
            // One fast attempt is enough, as other load on the machine only adds time.
            Assert.True(times.Count < MaxAttempts, $"Visible after {string.Join(", ", times)}.");
            times.Add(await MeasureStalenessAsync(client, replicas, product, price: 77 + times.Count));
        }
        while (times[^1] >= Staleness);
        replicas.ForEach(replica => replica.Dispose());
    }

    [SkippableFact]
    public async Task Replicas_share_one_rate_limit_per_client_and_without_Redis_each_limits_separately()
    {
        var (admitted, elapsed) = await CountAdmittedAsync("grace", requests: 4 * Burst);
        Assert.InRange(admitted, Burst, Burst + elapsed.TotalSeconds + 1);

        await redis.KillAsync();

        (admitted, elapsed) = await CountAdmittedAsync("hopper", requests: 4 * Replicas * Burst);
        Assert.InRange(admitted, Replicas * Burst, Replicas * (Burst + elapsed.TotalSeconds + 1));
    }

    private RoundRobin Client(string subject, string? plan) =>
        new(Enumerable.Range(0, Replicas).Select(Backend.AddressOf), Token.Create(subject, plan: plan));

    private static async Task<TimeSpan> MeasureStalenessAsync(RoundRobin client, List<RoundRobin> replicas, Guid product, decimal price)
    {
        await Task.WhenAll(replicas.Select(replica => replica.GetAsync($"v1/products/{product}")));
        using var changed = await client.SendAsync(HttpMethod.Put, $"v1/products/{product}/price", new { Price = price });
        var clock = Stopwatch.StartNew();
        foreach (var replica in replicas)
        {
            while ((await replica.GetAsync($"v1/products/{product}")).GetProperty("price").GetDecimal() != price)
            {
                Assert.True(clock.Elapsed < Daemon.WaitTimeout, "The change did not become visible.");
                await Task.Delay(10);
            }
        }

        return clock.Elapsed;
    }

    private static async Task<Guid> PlaceAsync(RoundRobin client, Guid product, string key)
    {
        using var response = await client.PlaceOrderAsync(product, key);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    /// <returns>The number of admitted requests and the total duration.</returns>
    private async Task<(int Admitted, TimeSpan Elapsed)> CountAdmittedAsync(string subject, int requests)
    {
        using var client = Client(subject, plan: "small");
        var clock = Stopwatch.StartNew();
        var admitted = 0;
        for (var number = 0; number < requests; number++)
        {
            using var response = await client.SendAsync(HttpMethod.Get, "v1/products?limit=1");
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"{response.StatusCode}");
            admitted += response.StatusCode == HttpStatusCode.OK ? 1 : 0;
        }

        return (admitted, clock.Elapsed);
    }
}
