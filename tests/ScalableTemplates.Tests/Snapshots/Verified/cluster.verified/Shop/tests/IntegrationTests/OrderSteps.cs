using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Shop.IntegrationTests;

internal static class OrderSteps
{
    public static async Task<Uri> PlaceOrderAsync(this HttpClient client, string paymentMethod)
    {
        using var response = await client.PostOrderAsync(Guid.NewGuid().ToString(), await client.GetProductIdAsync(), paymentMethod);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return response.Headers.Location!;
    }

    public static async Task<HttpResponseMessage> PostOrderAsync(
        this HttpClient client, string key, Guid productId, string paymentMethod, string email = "ada@example.com")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/orders");
        request.Headers.Add("Idempotency-Key", key);
        request.Content = JsonContent.Create(new
        {
            Email = email,
            PaymentMethod = paymentMethod,
            Lines = new[] { new { ProductId = productId, Quantity = 2 } },
        });
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static async Task<Guid> GetProductIdAsync(this HttpClient client)
    {
        var page = await client.GetFromJsonAsync<JsonElement>("/v1/products?limit=1", TestContext.Current.CancellationToken);
        return page.GetProperty("items")[0].GetProperty("id").GetGuid();
    }

    public static async Task<JsonElement> WaitForOrderAsync(this HttpClient client, Uri location, string status)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var order = await client.GetFromJsonAsync<JsonElement>(location, timeout.Token);
            if (order.GetProperty("status").GetString() == status)
            {
                return order;
            }

            // Stays below the rate limit of the standard plan.
            await Task.Delay(100, timeout.Token);
        }
    }
}
