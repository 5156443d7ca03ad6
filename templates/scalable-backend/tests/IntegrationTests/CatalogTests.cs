using System.Net;
using System.Net.Http.Json;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class CatalogTests(Backend backend)
{
    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_overlap()
    {
        using var client = backend.CreateClient();
        var all = await client.GetFromJsonAsync<Page>("/v1/products?limit=100", TestContext.Current.CancellationToken);

        var first = await client.GetFromJsonAsync<Page>("/v1/products?limit=2", TestContext.Current.CancellationToken);
        var second = await client.GetFromJsonAsync<Page>($"/v1/products?limit=98&after={first!.Next}", TestContext.Current.CancellationToken);

        Assert.Equal(all!.Items.Select(item => item.Id), first.Items.Concat(second!.Items).Select(item => item.Id));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_changed_price_is_seen_at_once_though_the_old_one_was_cached()
    {
        using var client = backend.CreateClient();
        var page = await client.GetFromJsonAsync<Page>("/v1/products?limit=1", TestContext.Current.CancellationToken);
        var product = $"/v1/products/{page!.Items[0].Id}";
        var before = await client.GetFromJsonAsync<Product>(product, TestContext.Current.CancellationToken);

        using var response = await client.PutAsJsonAsync($"{product}/price", new { Price = before!.Price + 1 }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var after = await client.GetFromJsonAsync<Product>(product, TestContext.Current.CancellationToken);
        Assert.Equal(before.Price + 1, after!.Price);
    }

#if (HasRedis)
    [Fact]
    public async Task A_changed_price_is_seen_by_another_replica_before_its_memory_expires()
    {
        using var client = backend.CreateClient();
        await using var replica = backend.CreateReplica();
        using var other = replica.CreateClient();
        other.DefaultRequestHeaders.Authorization = client.DefaultRequestHeaders.Authorization;
        var page = await client.GetFromJsonAsync<Page>("/v1/products?limit=1", TestContext.Current.CancellationToken);
        var product = $"/v1/products/{page!.Items[0].Id}";
        var before = await other.GetFromJsonAsync<Product>(product, TestContext.Current.CancellationToken);
        using var expiry = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        expiry.CancelAfter(TimeSpan.FromSeconds(4));

        using var response = await client.PutAsJsonAsync($"{product}/price", new { Price = before!.Price + 1 }, expiry.Token);

        while ((await other.GetFromJsonAsync<Product>(product, expiry.Token))!.Price == before.Price)
        {
            await Task.Delay(20, expiry.Token);
        }
    }

#endif
    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task A_price_that_makes_no_sense_is_refused(decimal price)
    {
        using var client = backend.CreateClient();

        using var response = await client.PutAsJsonAsync($"/v1/products/{Guid.NewGuid()}/price", new { price }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private sealed record Page(List<Product> Items, Guid? Next);

    private sealed record Product(Guid Id, string Name, decimal Price);
}
