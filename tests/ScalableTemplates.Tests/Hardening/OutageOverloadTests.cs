using System.Net;
using System.Text.Json;
using Npgsql;
using ScalableTemplates.Tests.Degradation;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>More clients than the concurrency limit during an outage: success is returned only for completed work.</summary>
[Collection("Faults")]
public sealed class OutageOverloadTests(RunningShop shop, ITestOutputHelper output) : IClassFixture<RunningShop>
{
    private const int Clients = 40;

    [SkippableTheory]
    [InlineData("PostgreSQL", "down")]
    [InlineData("PostgreSQL", "hanging")]
    [InlineData("Redis", "down")]
    [InlineData("Redis", "hanging")]
    public async Task Success_is_returned_only_for_completed_work(string piece, string fault)
    {
        var products = await PrepareAsync();
        var (inject, recover) = shop.Fault(piece, fault);
        TimedResponse[] placed, read;
        await inject();
        try
        {
            var placing = Enumerable.Range(0, Clients).Select(_ => shop.Client.PlaceAsync(Guid.NewGuid().ToString(), products[0])).ToList();
            var reading = products.Select(shop.Client.ReadProductAsync).ToList();
            placed = await Task.WhenAll(placing);
            read = await Task.WhenAll(reading);
        }
        finally
        {
            await recover();
        }

        await shop.WaitUntilAsync(async () => await shop.Client.GetHealthAsync() == "Healthy");
        output.WriteLine(string.Join('\n', placed.Concat(read).GroupBy(response => $"{response.Request} {response.Status} after {response.RetryAfter}").Select(group => $"{group.Key}: {group.Count()}")));
        Assert.All(placed, response => Assert.Contains(response.Status, new HttpStatusCode?[] { HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable }));
        Assert.All(read, response => Assert.Contains(response.Status, new HttpStatusCode?[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable }));
        Assert.All(placed.Concat(read), AssertComplete);
        await AssertExistAsync([.. placed.Where(response => response.Status == HttpStatusCode.Accepted).Select(ShopClient.IdOf)]);
    }

    private static void AssertComplete(TimedResponse response)
    {
        var body = JsonElement.Parse(response.Body);
        if (response.Status == HttpStatusCode.ServiceUnavailable)
        {
            Assert.Equal(503, body.GetProperty("status").GetInt32());
            Assert.NotNull(response.RetryAfter);
        }
        else
        {
            Assert.NotEqual(Guid.Empty, body.GetProperty("id").GetGuid());
        }
    }

    // Orders of an earlier test may still be in progress.
    private async Task<Guid[]> PrepareAsync()
    {
        await shop.WaitUntilAsync(async () => await shop.Client.GetHealthAsync() == "Healthy");
        return await shop.AddProductsAsync(Clients);
    }

    private async Task AssertExistAsync(Guid[] orders)
    {
        await using var source = NpgsqlDataSource.Create(shop.Database + ";Pooling=false");
        await using var command = source.CreateCommand("SELECT count(*) FROM orders WHERE id = ANY ($1)");
        command.Parameters.Add(new NpgsqlParameter { Value = orders });
        Assert.Equal((long)orders.Length, await command.ExecuteScalarAsync());
    }
}
