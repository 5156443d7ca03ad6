using System.Net;
using System.Net.Http.Json;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class CatalogTests(Backend backend)
{
    [Fact]
    public async Task Pages_have_no_gaps_or_overlaps()
    {
        using var client = backend.CreateClient();
        var all = await client.GetFromJsonAsync<Page>("/v1/products?limit=100", TestContext.Current.CancellationToken);

        var first = await client.GetFromJsonAsync<Page>("/v1/products?limit=2", TestContext.Current.CancellationToken);
        var second = await client.GetFromJsonAsync<Page>($"/v1/products?limit=98&after={first!.Next}", TestContext.Current.CancellationToken);

        Assert.Equal(all!.Items.Select(item => item.Id), first.Items.Concat(second!.Items).Select(item => item.Id));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_changed_price_is_returned_immediately_even_if_the_old_one_was_cached()
    {
        using var client = backend.CreateClient();
        var page = await client.GetFromJsonAsync<Page>("/v1/products?limit=1", TestContext.Current.CancellationToken);
        var product = $"/v1/products/{page!.Items[0].Id}";
        var before = await client.GetFromJsonAsync<Product>(product, TestContext.Current.CancellationToken);

        using var response = await ChangePriceAsync(client, product, before!.Price + 1);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var after = await client.GetFromJsonAsync<Product>(product, TestContext.Current.CancellationToken);
        Assert.Equal(before.Price + 1, after!.Price);
    }

    [Fact]
    public async Task A_changed_price_is_returned_by_another_replica_before_its_cache_entry_expires()
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

        using var response = await ChangePriceAsync(client, product, before!.Price + 1);

        while ((await other.GetFromJsonAsync<Product>(product, expiry.Token))!.Price == before.Price)
        {
            await Task.Delay(20, expiry.Token);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(1.239)]
    public async Task An_invalid_price_is_rejected(double price)
    {
        using var client = backend.CreateClient();

        using var response = await ChangePriceAsync(client, $"/v1/products/{Guid.NewGuid()}", (decimal)price);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_product_is_created_and_with_If_Match_changed_and_deleted()
    {
        using var client = backend.CreateClient();
        using var creation = new HttpRequestMessage(HttpMethod.Post, "/v1/products");
        creation.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        creation.Content = JsonContent.Create(new { Name = "Teapot", Price = 24.9m });
        using var created = await client.SendAsync(creation, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var product = created.Headers.Location!.ToString();
        using var read = await client.GetAsync(product, TestContext.Current.CancellationToken);
        Assert.Contains("\"price\":24.90,", await read.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var version = read.Headers.ETag!.ToString();

        using var unconditional = await ChangePriceAsync(client, product, 26, ifMatch: null);
        using var changed = await ChangePriceAsync(client, product, 27, version);
        using var outdated = await ChangePriceAsync(client, product, 28, version);

        Assert.Equal(HttpStatusCode.PreconditionRequired, unconditional.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, outdated.StatusCode);
        Assert.Equal(27, (await client.GetFromJsonAsync<Product>(product, TestContext.Current.CancellationToken))!.Price);
        using var deletion = new HttpRequestMessage(HttpMethod.Delete, product);
        deletion.Headers.Add("If-Match", "*");
        using var deleted = await client.SendAsync(deletion, TestContext.Current.CancellationToken);
        using var gone = await client.GetAsync(product, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    private static Task<HttpResponseMessage> ChangePriceAsync(HttpClient client, string product, decimal price, string? ifMatch = "*")
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"{product}/price") { Content = JsonContent.Create(new { price }) };
        if (ifMatch is not null)
        {
            request.Headers.Add("If-Match", ifMatch);
        }

        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private sealed record Page(List<Product> Items, Guid? Next);

    private sealed record Product(Guid Id, string Name, decimal Price);
}
