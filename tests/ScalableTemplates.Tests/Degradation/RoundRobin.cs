using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>A client without cookies that sends each request to the next replica, skipping replicas that are down.</summary>
internal sealed class RoundRobin : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { UseCookies = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Uri[] replicas;
    private int turn;

    public RoundRobin(IEnumerable<Uri> replicas, string token)
    {
        this.replicas = [.. replicas];
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        client.DefaultRequestHeaders.IfMatch.Add(EntityTagHeaderValue.Any);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null, string? key = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var replica = replicas[(uint)Interlocked.Increment(ref turn) % replicas.Length];
            using var request = new HttpRequestMessage(method, new Uri(replica, path)) { Content = body is null ? null : JsonContent.Create(body) };
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            try
            {
                return await client.SendAsync(request);
            }
            catch (HttpRequestException) when (attempt < 2 * replicas.Length)
            {
                // The replica was killed, possibly after completing the request; the idempotency key makes the retry safe.
            }
        }
    }

    public async Task<HttpResponseMessage> PlaceOrderAsync(Guid product, string key)
    {
        while (true)
        {
            var response = await SendAsync(
                HttpMethod.Post,
                "v1/orders",
                new { Email = "ada@example.com", PaymentMethod = "card", Lines = new[] { new { ProductId = product, Quantity = 1 } } },
                key);
            if ((int)response.StatusCode != 409)
            {
                return response;
            }

            // The connection of a killed replica holds its claim for a moment.
            response.Dispose();
            await Task.Delay(100);
        }
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <returns>The ids on all pages of a list, each page requested from the next replica.</returns>
    public async Task<List<Guid>> GetAllAsync(string path, int limit)
    {
        var ids = new List<Guid>();
        string? after = null;
        do
        {
            var page = await GetAsync($"{path}?limit={limit}{after}");
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid()));
            after = page.GetProperty("next").GetString() is { } next ? $"&after={next}" : null;
        }
        while (after is not null);
        return ids;
    }

    public void Dispose() => client.Dispose();
}
