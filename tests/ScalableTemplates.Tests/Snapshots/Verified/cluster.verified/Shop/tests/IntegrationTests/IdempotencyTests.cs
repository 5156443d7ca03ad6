using System.Net;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class IdempotencyTests(Backend backend)
{
    private readonly string _key = Guid.NewGuid().ToString();
    private readonly string _email = $"{Guid.NewGuid():N}@example.com";

    [Fact]
    public async Task Concurrent_requests_with_the_same_key_place_one_order()
    {
        using var client = backend.CreateClient();
        var productId = await client.GetProductIdAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.PostOrderAsync(_key, productId, "card", _email)));

        Assert.All(responses, response => Assert.True(response.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict));
        Assert.All(
            responses.Where(response => response.StatusCode == HttpStatusCode.Conflict),
            response => Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta));
        using var last = await client.PostOrderAsync(_key, productId, "card", _email);
        Assert.Equal(HttpStatusCode.Accepted, last.StatusCode);
        Assert.All(
            responses.Where(response => response.StatusCode == HttpStatusCode.Accepted),
            response => Assert.Equal(last.Headers.Location, response.Headers.Location));
        Assert.Equal(1, await CountOrdersAsync());
    }

    [Fact]
    public async Task A_repeated_request_gets_the_same_response()
    {
        using var client = backend.CreateClient();
        var productId = await client.GetProductIdAsync();

        using var first = await client.PostOrderAsync(_key, productId, "card", _email);
        using var second = await client.PostOrderAsync(_key, productId, "card", _email);

        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        Assert.Equal(
            await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, await CountOrdersAsync());
    }

    [Fact]
    public async Task A_client_error_is_replayed_too()
    {
        using var client = backend.CreateClient();
        var unknown = Guid.NewGuid();
        using var first = await client.PostOrderAsync(_key, unknown, "card", _email);

        using var second = await client.PostOrderAsync(_key, unknown, "card", _email);

        Assert.Equal(HttpStatusCode.BadRequest, second.StatusCode);
        Assert.Equal("application/problem+json", second.Content.Headers.ContentType?.MediaType);
        Assert.True(second.Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_key_that_was_used_with_a_different_request_is_rejected()
    {
        using var client = backend.CreateClient();
        var productId = await client.GetProductIdAsync();
        using var first = await client.PostOrderAsync(_key, productId, "card", _email);

        using var second = await client.PostOrderAsync(_key, productId, "card-declined", _email);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, second.StatusCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public async Task A_missing_or_too_long_key_is_rejected(int length)
    {
        using var client = backend.CreateClient();
        var productId = await client.GetProductIdAsync();

        using var response = await client.PostOrderAsync(new string('k', length), productId, "card", _email);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Idempotency-Key", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_error_is_not_stored()
    {
        using var client = backend.CreateClient();
        var productId = await client.GetProductIdAsync();
        await ExecuteAsync($"ALTER TABLE orders ADD CONSTRAINT broken CHECK (email <> '{_email}')");
        using var broken = await client.PostOrderAsync(_key, productId, "card", _email);
        Assert.Equal(HttpStatusCode.InternalServerError, broken.StatusCode);
        await ExecuteAsync("ALTER TABLE orders DROP CONSTRAINT broken");

        using var retried = await client.PostOrderAsync(_key, productId, "card", _email);

        Assert.Equal(HttpStatusCode.Accepted, retried.StatusCode);
        Assert.False(retried.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(1, await CountOrdersAsync());
    }

    [Fact]
    public async Task A_key_can_be_reused_after_its_retention_period()
    {
        using var client = backend.CreateClient();
        var productId = await client.GetProductIdAsync();
        using var first = await client.PostOrderAsync(_key, productId, "card", _email);
        await using (var scope = backend.CreateScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
            var yesterday = DateTimeOffset.UtcNow.AddDays(-1);
            await db.IdempotencyRecords.Where(row => row.Key == _key)
                .ExecuteUpdateAsync(update => update.SetProperty(row => row.CreatedAt, yesterday), TestContext.Current.CancellationToken);
        }

        using var second = await client.PostOrderAsync(_key, productId, "card-declined", _email);
        using var third = await client.PostOrderAsync(_key, productId, "card-declined", _email);

        Assert.NotEqual(first.Headers.Location, second.Headers.Location);
        Assert.Equal(second.Headers.Location, third.Headers.Location);
        Assert.Equal(2, await CountOrdersAsync());
    }

    [Fact]
    public async Task Keys_are_scoped_to_the_customer()
    {
        using var ada = backend.CreateClient("ada");
        using var eve = backend.CreateClient("eve");
        var productId = await ada.GetProductIdAsync();

        using var first = await ada.PostOrderAsync(_key, productId, "card", _email);
        using var second = await eve.PostOrderAsync(_key, productId, "card-declined", _email);

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        Assert.NotEqual(first.Headers.Location, second.Headers.Location);
    }

    private async Task<int> CountOrdersAsync()
    {
        await using var scope = backend.CreateScope();
        return await scope.ServiceProvider.GetRequiredService<AppDbContext>().Orders
            .CountAsync(order => order.Email == _email, TestContext.Current.CancellationToken);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var scope = backend.CreateScope();
        await scope.ServiceProvider.GetRequiredService<AppDbContext>().Database
            .ExecuteSqlRawAsync(sql, TestContext.Current.CancellationToken);
    }
}
