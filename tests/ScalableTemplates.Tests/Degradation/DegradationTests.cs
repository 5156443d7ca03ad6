using System.Diagnostics;
using System.Net;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>The matrix of docs/degradation.md: responses and the processing of orders while one dependency is down, hangs or refuses.</summary>
[Collection("Faults")]
public sealed class DegradationTests(RunningShop shop, ITestOutputHelper output) : IClassFixture<RunningShop>
{
    private const string AllSuccessful = "page 200, product 200, price 204, place 202, order 200, health 200, alive 200";

    // Twice the request timeout of the API, to allow for a slow machine.
    private static readonly TimeSpan MaxDuration = 2 * TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);

    [SkippableTheory]
    [InlineData("Redis", "down", "Degraded", "Confirmed")]
    [InlineData("Redis", "hanging", "Degraded", "Confirmed")]
    [InlineData("RabbitMQ", "down", "Degraded", "Pending")]
    [InlineData("RabbitMQ", "hanging", "Degraded", "Pending")]
    [InlineData("RabbitMQ", "refusing", "Degraded", "Pending")]
    [InlineData("Standby", "down", "Degraded", "Confirmed")]
    [InlineData("Standby", "hanging", "Degraded", "Confirmed")]
    [InlineData("Worker", "down", "Healthy", "Pending")]
    [InlineData("Worker", "hanging", "Healthy", "Pending")]
    [InlineData("Payment provider", "down", "Healthy", "Pending")]
    [InlineData("Payment provider", "hanging", "Healthy", "Pending")]
    [InlineData("Mail server", "down", "Healthy", "Paid")]
    [InlineData("Mail server", "hanging", "Healthy", "Paid")]
    public async Task All_requests_succeed_during_an_outage_of(string dependency, string fault, string health, string meanwhile)
    {
        var before = await PrepareAsync();
        var (inject, recover) = shop.Fault(dependency, fault);
        var orders = new List<Guid>();
        await inject();
        try
        {
            foreach (var moment in new[] { "immediately", "later" })
            {
                var responses = await SendAllAsync(before);
                output.WriteLine($"{dependency} {fault}, {moment}: {responses.Times}\n{responses.Errors}");
                Assert.Equal(AllSuccessful, responses.ToString());
                Assert.True(responses.Slowest < MaxDuration, responses.Times);
                orders.Add(responses.Order!.Value);
                await WaitForHealthAsync(health);
            }

            await WaitForStatusAsync(orders, meanwhile);
            await Task.Delay(Moment);
            foreach (var order in orders)
            {
                Assert.Equal(meanwhile, await shop.Client.GetStatusAsync(order));
            }
        }
        finally
        {
            await recover();
        }

        await AssertSettledAsync([before.Order, .. orders]);
    }

    [SkippableTheory]
    [InlineData("down")]
    [InlineData("hanging")]
    public async Task Without_the_primary_reads_are_served_by_standby_and_cache_and_writes_get_503(string fault)
    {
        var before = await PrepareAsync();
        // Redis may just have recovered; while its circuit breaker is open, nothing is written to it.
        await shop.WaitUntilAsync(async () =>
            (await shop.Client.ReadProductAsync(before.Cached)).Status == HttpStatusCode.OK && await shop.IsInRedisAsync(before.Cached));
        var (inject, recover) = shop.Fault("PostgreSQL", fault);
        // After a restart of the primary, the standby reconnects with a delay. Clients that wrote something it has not replayed would get 503.
        await shop.WaitForStandbyAsync();
        var inProgress = ShopClient.IdOf(await shop.Client.PlaceAsync(Guid.NewGuid().ToString(), before.Priced));
        await shop.WaitForStandbyAsync();
        Responses responses;
        await inject();
        try
        {
            await WaitForHealthAsync("Degraded");
            responses = await SendAllAsync(before);
            output.WriteLine($"PostgreSQL {fault}: {responses.Times}\n{responses.Errors}");
        }
        finally
        {
            await recover();
        }

        // The next health check closes the circuit breaker.
        await WaitForHealthAsync("Healthy");
        var retry = await shop.Client.PlaceAsync(responses.IdempotencyKey, before.Priced);
        await AssertSettledAsync([before.Order, inProgress, ShopClient.IdOf(retry)]);
        Assert.Equal("page 200, product 200, price 503, place 503, order 200, health 200, alive 200", responses.ToString());
        Assert.True(responses.Slowest < MaxDuration, responses.Times);
    }

    [SkippableFact]
    public async Task A_hanging_cache_delays_occasional_requests_by_its_timeout_not_every_request()
    {
        await PrepareAsync();
        // Earlier successes must not keep the failure ratio of the circuit breaker low.
        await Task.WhenAll((await shop.AddProductsAsync(300)).Select(shop.Client.ReadProductAsync));
        var products = await shop.AddProductsAsync(40);
        var (inject, recover) = shop.Fault("Redis", "hanging");
        await inject();
        try
        {
            var clock = Stopwatch.StartNew();
            foreach (var product in products)
            {
                Assert.Equal(HttpStatusCode.OK, (await shop.Client.ReadProductAsync(product)).Status);
            }

            output.WriteLine($"40 reads while Redis hangs: {clock.Elapsed.TotalSeconds:0.0} s");
            // Waiting for the timeout each time would take at least twice as long.
            Assert.True(clock.Elapsed < products.Length * RunningShop.CacheTimeout / 2, $"{clock.Elapsed}");
        }
        finally
        {
            await recover();
        }

        await WaitForHealthAsync("Healthy");
    }

    private async Task<(Guid Cached, Guid Priced, Guid Order)> PrepareAsync()
    {
        Skip.If(EndToEnd.ServersFixture.Missing is not null, EndToEnd.ServersFixture.Missing);
        await WaitForHealthAsync("Healthy");
        var products = await shop.AddProductsAsync(2);
        var placed = await shop.Client.PlaceAsync(Guid.NewGuid().ToString(), products[1]);
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.ReadProductAsync(products[0])).Status);
        return (products[0], products[1], ShopClient.IdOf(placed));
    }

    private Task<Responses> SendAllAsync((Guid Cached, Guid Priced, Guid Order) before) =>
        shop.Client.SendAllAsync(before.Cached, before.Priced, before.Order);

    private async Task AssertSettledAsync(IReadOnlyList<Guid> orders)
    {
        await WaitForHealthAsync("Healthy");
        await WaitForStatusAsync(orders, "Confirmed");
        foreach (var order in orders)
        {
            Assert.Single(shop.Payments.Charges, order);
            Assert.Single(shop.Mails.Orders, order);
        }
    }

    private Task WaitForHealthAsync(string status) => shop.WaitUntilAsync(async () => await shop.Client.GetHealthAsync() == status);

    private async Task WaitForStatusAsync(IEnumerable<Guid> orders, string status)
    {
        foreach (var order in orders)
        {
            await shop.WaitUntilAsync(async () => await shop.Client.GetStatusAsync(order) == status);
        }
    }
}
