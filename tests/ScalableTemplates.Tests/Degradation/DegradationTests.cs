using System.Diagnostics;
using System.Net;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>The matrix of docs/degradation.md: what callers are answered while one piece is down or hangs, and what becomes of their orders.</summary>
[Collection("Faults")]
public sealed class DegradationTests(RunningShop shop, ITestOutputHelper output) : IClassFixture<RunningShop>
{
    private const string AsEver = "page 200, product 200, price 204, place 202, order 200, health 200, alive 200";

    // The request timeout, which the API itself keeps: what is answered as ever was in time. And the same again for the machine.
    private static readonly TimeSpan GivenUp = 2 * TimeSpan.FromSeconds(15);

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
    public async Task Every_request_is_answered_as_ever_while_there_is_no(string piece, string fault, string health, string meanwhile)
    {
        var before = await PrepareAsync();
        var (@break, mend) = shop.Fault(piece, fault);
        var orders = new List<Guid>();
        await @break();
        try
        {
            foreach (var moment in new[] { "at once", "later" })
            {
                var answers = await AskForAllAsync(before);
                output.WriteLine($"{piece} {fault}, {moment}: {answers.Times}\n{answers.Errors}");
                Assert.Equal(AsEver, answers.ToString());
                Assert.True(answers.Slowest < GivenUp, answers.Times);
                orders.Add(answers.Order!.Value);
                await WaitForHealthAsync(health);
            }

            await WaitForStatusAsync(orders, meanwhile);
            await Task.Delay(Moment);
            foreach (var order in orders)
            {
                Assert.Equal(meanwhile, await shop.Customer.GetStatusAsync(order));
            }
        }
        finally
        {
            await mend();
        }

        await AssertSettledAsync([before.Order, .. orders]);
    }

    [SkippableTheory]
    [InlineData("down")]
    [InlineData("hanging")]
    public async Task Without_the_primary_the_standby_and_the_cache_are_read_and_other_requests_are_given_up(string fault)
    {
        var before = await PrepareAsync();
        // Redis has perhaps only just come back; while its circuit is open, nothing is kept there.
        await shop.WaitUntilAsync(async () =>
            (await shop.Customer.ReadProductAsync(before.Cached)).Status == HttpStatusCode.OK && await shop.IsInRedisAsync(before.Cached));
        var (@break, mend) = shop.Fault("PostgreSQL", fault);
        var underWay = Customer.IdOf(await shop.Customer.PlaceAsync(Guid.NewGuid().ToString(), before.Priced));
        Answers answers;
        await @break();
        try
        {
            await WaitForHealthAsync("Degraded");
            answers = await AskForAllAsync(before);
            output.WriteLine($"PostgreSQL {fault}: {answers.Times}");
        }
        finally
        {
            await mend();
        }

        // The circuit breaker closes with the next probe.
        await WaitForHealthAsync("Healthy");
        var again = await shop.Customer.PlaceAsync(answers.IdempotencyKey, before.Priced);
        await AssertSettledAsync([before.Order, underWay, Customer.IdOf(again)]);
        Assert.Equal("page 200, product 200, price 503, place 503, order 200, health 200, alive 200", answers.ToString());
        Assert.True(answers.Slowest < GivenUp, answers.Times);
    }

    [SkippableFact]
    public async Task A_cache_that_hangs_costs_its_timeout_once_in_a_while_and_not_for_each_request()
    {
        await PrepareAsync();
        // What went well before must not make up for what fails.
        await Task.WhenAll((await shop.AddProductsAsync(300)).Select(shop.Customer.ReadProductAsync));
        var products = await shop.AddProductsAsync(40);
        var (@break, mend) = shop.Fault("Redis", "hanging");
        await @break();
        try
        {
            var clock = Stopwatch.StartNew();
            foreach (var product in products)
            {
                Assert.Equal(HttpStatusCode.OK, (await shop.Customer.ReadProductAsync(product)).Status);
            }

            output.WriteLine($"40 reads while Redis hangs: {clock.Elapsed.TotalSeconds:0.0} s");
            // To wait each time would take twice that at least.
            Assert.True(clock.Elapsed < products.Length * RunningShop.CacheTimeout / 2, $"{clock.Elapsed}");
        }
        finally
        {
            await mend();
        }

        await WaitForHealthAsync("Healthy");
    }

    private async Task<(Guid Cached, Guid Priced, Guid Order)> PrepareAsync()
    {
        Skip.If(EndToEnd.ServersFixture.Missing is not null, EndToEnd.ServersFixture.Missing);
        await WaitForHealthAsync("Healthy");
        var products = await shop.AddProductsAsync(2);
        var placed = await shop.Customer.PlaceAsync(Guid.NewGuid().ToString(), products[1]);
        Assert.Equal(HttpStatusCode.OK, (await shop.Customer.ReadProductAsync(products[0])).Status);
        return (products[0], products[1], Customer.IdOf(placed));
    }

    private Task<Answers> AskForAllAsync((Guid Cached, Guid Priced, Guid Order) before) =>
        shop.Customer.AskForAllAsync(before.Cached, before.Priced, before.Order);

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

    private Task WaitForHealthAsync(string word) => shop.WaitUntilAsync(async () => await shop.Customer.GetHealthAsync() == word);

    private async Task WaitForStatusAsync(IEnumerable<Guid> orders, string status)
    {
        foreach (var order in orders)
        {
            await shop.WaitUntilAsync(async () => await shop.Customer.GetStatusAsync(order) == status);
        }
    }
}
