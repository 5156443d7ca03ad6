using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Overposting: fields that exist in the database but not in the request contract.</summary>
[Collection("Hardening")]
public sealed class OverPostingTests : IAsyncLifetime
{
    private static readonly Guid Wished = Guid.Parse("11111111-1111-7111-8111-111111111111");

    private readonly HttpClient client = new();
    private Backend backend = null!;

    public async Task InitializeAsync()
    {
        var database = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}";
        backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Single), new Dictionary<string, string> { ["database"] = database });
        await backend.StartApiAsync();
        client.BaseAddress = backend.Address;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        client.DefaultRequestHeaders.IfMatch.Add(EntityTagHeaderValue.Any);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await backend.DisposeAsync();
    }

    [Fact]
    public async Task Clients_cannot_set_the_id_status_total_or_customer_of_an_order()
    {
        var product = await backend.GetProductIdAsync();
        var price = await backend.GetPriceAsync(product);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", "over-posting");
        request.Content = JsonContent.Create(new
        {
            Id = Wished,
            Status = "Confirmed",
            Reason = "none",
            Total = 0.01,
            CustomerId = "grace",
            Email = "ada@example.com",
            PaymentMethod = "card-slow",
            Lines = new[] { new { ProductId = product, Quantity = 3, UnitPrice = 0.01 } },
        });

        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var placed = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("Pending", placed.GetProperty("status").GetString());
        var id = placed.GetProperty("id").GetGuid();
        Assert.NotEqual(Wished, id);
        var order = await backend.GetOrderAsync(id);
        Assert.Equal(3 * price, order.GetProperty("total").GetDecimal());
        Assert.Equal(price, order.GetProperty("lines")[0].GetProperty("unitPrice").GetDecimal());
        Assert.Equal(JsonValueKind.Null, order.GetProperty("reason").ValueKind);
        Assert.Equal(HttpStatusCode.NotFound, await GetStatusAsync($"v1/orders/{Wished}", "ada"));
        Assert.Equal(HttpStatusCode.NotFound, await GetStatusAsync($"v1/orders/{id}", "grace"));
    }

    [Fact]
    public async Task Changing_a_price_cannot_change_the_id_or_name_of_a_product()
    {
        var product = await backend.GetProductIdAsync();
        var name = await GetNameAsync(product);

        using var response = await client.PutAsJsonAsync($"v1/products/{product}/price", new { Id = Wished, Name = "free", Price = 7 });

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(7, await backend.GetPriceAsync(product));
        Assert.Equal(name, await GetNameAsync(product));
        Assert.Equal(HttpStatusCode.NotFound, await GetStatusAsync($"v1/products/{Wished}", "ada"));
    }

    private async Task<string?> GetNameAsync(Guid product) =>
        (await client.GetFromJsonAsync<JsonElement>($"v1/products/{product}")).GetProperty("name").GetString();

    private async Task<HttpStatusCode> GetStatusAsync(string path, string caller)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create(caller));
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
