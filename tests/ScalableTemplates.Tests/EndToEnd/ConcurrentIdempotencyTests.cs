using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Concurrent requests with the same idempotency key, sent to two processes.</summary>
[Collection("End to end")]
public sealed class ConcurrentIdempotencyTests(ServersFixture servers)
{
    [SkippableFact]
    public async Task Fifty_concurrent_requests_with_one_key_place_one_order()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var connectionStrings = await servers.GetConnectionStringsAsync();
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, connectionStrings);
        await backend.MigrateAsync();
        await backend.StartApiAsync(replica: 0);
        await backend.StartApiAsync(replica: 1);
        var product = await backend.GetProductIdAsync();
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        var orders = new ConcurrentBag<Guid>();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
            orders.Add(await PostUntilAnsweredAsync(client, new Uri(backend.AddressOf(number % 2), "v1/orders"), product))));

        var order = Assert.Single(orders.Distinct());
        Assert.Equal(50, orders.Count);
        await using var source = NpgsqlDataSource.Create(connectionStrings["database"]);
        await using var command = source.CreateCommand("SELECT array_agg(id) FROM orders");
        Assert.Equal([order], Assert.IsType<Guid[]>(await command.ExecuteScalarAsync()));
    }

    private static async Task<Guid> PostUntilAnsweredAsync(HttpClient client, Uri address, Guid product)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            request.Headers.Add("Idempotency-Key", "the-only-one");
            request.Content = JsonContent.Create(
                new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } });
            using var response = await client.SendAsync(request);
            if (response.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.ServiceUnavailable))
            {
                Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
                return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
            }

            // A request with this key is in progress, or this one timed out on a busy machine.
            Assert.True(clock.Elapsed < Daemon.WaitTimeout, $"Still {response.StatusCode} after {Daemon.WaitTimeout}.");
            await Task.Delay(100);
        }
    }
}
