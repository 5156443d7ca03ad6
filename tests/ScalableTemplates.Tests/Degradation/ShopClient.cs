using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>A client of the API with a generous timeout, which sends the consistency token of its last write.</summary>
internal sealed class ShopClient : IDisposable
{
    private const string TokenHeader = "Consistency-Token";

    private readonly HttpClient client;
    private string? token;

    public ShopClient(Uri address)
    {
        client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        client.DefaultRequestHeaders.IfMatch.Add(EntityTagHeaderValue.Any);
    }

    /// <summary>Concurrently lists products, gets a cached product, changes the price of another, places an order, gets an existing order and probes.</summary>
    public async Task<Responses> SendAllAsync(Guid cached, Guid priced, Guid order)
    {
        var key = Guid.NewGuid().ToString();
        var all = await Task.WhenAll(
            SendAsync("page", HttpMethod.Get, "v1/products?limit=1"),
            SendAsync("product", HttpMethod.Get, $"v1/products/{cached}"),
            SendAsync("price", HttpMethod.Put, $"v1/products/{priced}/price", new { Price = Random.Shared.Next(1, 1000) }),
            PlaceAsync(key, priced),
            SendAsync("order", HttpMethod.Get, $"v1/orders/{order}"),
            SendAsync("health", HttpMethod.Get, "health"),
            SendAsync("alive", HttpMethod.Get, "alive"));
        var placed = all.Single(response => response.Request == "place");
        return new Responses(all, key, placed.Status == HttpStatusCode.Accepted ? IdOf(placed) : null);
    }

    public Task<TimedResponse> PlaceAsync(string key, Guid product) => SendAsync(
        "place",
        HttpMethod.Post,
        "v1/orders",
        new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } },
        key);

    public Task<TimedResponse> ReadProductAsync(Guid id) => SendAsync("product", HttpMethod.Get, $"v1/products/{id}");

    public async Task<string> GetHealthAsync() => (await SendAsync("health", HttpMethod.Get, "health")).Body;

    /// <returns>Null if the order could not be read.</returns>
    public async Task<string?> GetStatusAsync(Guid order)
    {
        var response = await SendAsync("order", HttpMethod.Get, $"v1/orders/{order}");
        return response.Status == HttpStatusCode.OK ? JsonElement.Parse(response.Body).GetProperty("status").GetString() : null;
    }

    public static Guid IdOf(TimedResponse placed) => JsonElement.Parse(placed.Body).GetProperty("id").GetGuid();

    public void Dispose() => client.Dispose();

    private async Task<TimedResponse> SendAsync(string name, HttpMethod method, string path, object? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (token is not null)
        {
            request.Headers.Add(TokenHeader, token);
        }

        var clock = Stopwatch.StartNew();
        try
        {
            using var response = await client.SendAsync(request);
            if (response.Headers.TryGetValues(TokenHeader, out var tokens))
            {
                token = tokens.Single();
            }

            return new TimedResponse(name, response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.RetryAfter?.Delta, clock.Elapsed);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return new TimedResponse(name, null, exception.Message, null, clock.Elapsed);
        }
    }
}
