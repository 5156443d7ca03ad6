using System.Net;
using System.Text.Json;
using Npgsql;
using ScalableTemplates.Tests.Degradation;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>More clients than places while a dependency is down or hangs: no response says more than was done.</summary>
[Collection("Faults")]
public sealed class OutageOverloadTests(RunningShop shop, ITestOutputHelper output) : IClassFixture<RunningShop>
{
    private const int Clients = 40;

    [SkippableTheory]
    [InlineData("PostgreSQL", "down")]
    [InlineData("PostgreSQL", "hanging")]
    [InlineData("Redis", "down")]
    [InlineData("Redis", "hanging")]
    public async Task Every_success_is_one(string piece, string fault)
    {
        var products = await PrepareAsync();
        var (@break, mend) = shop.Fault(piece, fault);
        Answer[] placed, read;
        await @break();
        try
        {
            var placing = Enumerable.Range(0, Clients).Select(_ => shop.Customer.PlaceAsync(Guid.NewGuid().ToString(), products[0])).ToList();
            var reading = products.Select(shop.Customer.ReadProductAsync).ToList();
            placed = await Task.WhenAll(placing);
            read = await Task.WhenAll(reading);
        }
        finally
        {
            await mend();
        }

        await shop.WaitUntilAsync(async () => await shop.Customer.GetHealthAsync() == "Healthy");
        output.WriteLine(string.Join('\n', placed.Concat(read).GroupBy(answer => $"{answer.Request} {answer.Status} after {answer.RetryAfter}").Select(group => $"{group.Key}: {group.Count()}")));
        Assert.All(placed, answer => Assert.Contains(answer.Status, new HttpStatusCode?[] { HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable }));
        Assert.All(read, answer => Assert.Contains(answer.Status, new HttpStatusCode?[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable }));
        Assert.All(placed.Concat(read), AssertComplete);
        await AssertExistAsync([.. placed.Where(answer => answer.Status == HttpStatusCode.Accepted).Select(Customer.IdOf)]);
    }

    private static void AssertComplete(Answer answer)
    {
        var body = JsonElement.Parse(answer.Body);
        if (answer.Status == HttpStatusCode.ServiceUnavailable)
        {
            Assert.Equal(503, body.GetProperty("status").GetInt32());
            Assert.NotNull(answer.RetryAfter);
        }
        else
        {
            Assert.NotEqual(Guid.Empty, body.GetProperty("id").GetGuid());
        }
    }

    // Of an earlier test, something may not be settled yet.
    private async Task<Guid[]> PrepareAsync()
    {
        await shop.WaitUntilAsync(async () => await shop.Customer.GetHealthAsync() == "Healthy");
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
