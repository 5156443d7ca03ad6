using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ScalableTemplates.Tests.Hardening;

namespace ScalableTemplates.Tests.Gateway;

/// <summary>What the gateway accepts from clients, and what it passes to the API and back.</summary>
[Collection(nameof(GatewayFixture))]
public sealed class ForwardingTests(GatewayFixture shop) : IDisposable
{
    private const int MaxBodyBytes = 1024 * 1024;

    private readonly HttpClient client = new();

    public void Dispose() => client.Dispose();

    [SkippableFact]
    public async Task The_API_sees_the_address_host_and_scheme_of_the_client_which_a_client_cannot_forge()
    {
        // The test is a trusted proxy, because it is on the same machine. It appends the address of its client to what that client has sent.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(shop.Gateway.Address, "replica/request"));
        request.Headers.Host = "shop.example.com";
        request.Headers.Add("X-Forwarded-For", "198.51.100.1, 203.0.113.7");
        request.Headers.Add("X-Forwarded-Proto", "https");
        using var response = await client.SendAsync(request);
        var seen = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal("203.0.113.7", seen.GetProperty("client").GetString());
        Assert.Equal("https", seen.GetProperty("scheme").GetString());
        Assert.Equal("shop.example.com", seen.GetProperty("host").GetString());
        Assert.False(response.Headers.Contains("Server"));
    }

    [SkippableFact]
    public async Task Clients_without_a_token_are_limited_by_their_own_addresses()
    {
        const int Limited = GatewayFixture.Replicas + 1;
        await shop.StartReplicaAsync(Limited, ("RateLimiting__DefaultPlan", "small"), ("RateLimiting__Plans__small__RequestsPerMinute", "1"), ("RateLimiting__Plans__small__Burst", "5"));
        await using var gateway = await shop.StartGatewayAsync([Limited]);

        Assert.Equal(5, await CountAdmittedAsync(gateway, "203.0.113.8"));
        Assert.Equal(5, await CountAdmittedAsync(gateway, "203.0.113.9"));
        await shop.Backend.KillApiAsync(Limited);
    }

    [SkippableFact]
    public async Task A_response_is_streamed()
    {
        var clock = Stopwatch.StartNew();
        using var response = await client.GetAsync(new Uri(shop.Gateway.Address, "replica/stream"), HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[100];

        Assert.True(await stream.ReadAsync(buffer) > 0);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"{clock.Elapsed}");
        using var reader = new StreamReader(stream);
        Assert.EndsWith("last", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("1", true)]
    [InlineData("0", false)]
    public async Task The_sampling_of_the_gateway_decides_for_the_API_in_the_same_trace(string ratio, bool isSampled)
    {
        await using var gateway = await shop.StartGatewayAsync([0], ("OTEL_TRACES_SAMPLER_ARG", ratio));
        const string TraceId = "0af7651916cd43dd8448eb211c80319c";
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Address, "replica/request"));
        request.Headers.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
        using var response = await client.SendAsync(request);
        var seen = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(TraceId, seen.GetProperty("traceId").GetString());
        Assert.Equal(isSampled, seen.GetProperty("isSampled").GetBoolean());
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_sends_an_oversized_body_receives_413(bool isChunked)
    {
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var request = await RawOrderRequest.StartAsync(shop.Gateway.Address, isChunked ? null : 2 * MaxBodyBytes);
            var body = new string(' ', 2 * MaxBodyBytes);
            await request.SendAsync(isChunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body);

            var response = await request.ReceiveAsync();

            Assert.StartsWith("HTTP/1.1 413", response, StringComparison.Ordinal);
            Assert.Contains("\"status\":413", response, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task A_client_that_sends_its_body_slowly_receives_408()
    {
        using var request = await RawOrderRequest.StartAsync(shop.Gateway.Address, length: 100_000);
        var sending = request.SendSlowlyAsync(bytesPerSecond: 50, isChunked: false);

        var response = await request.ReceiveAsync();

        Assert.StartsWith("HTTP/1.1 408", response, StringComparison.Ordinal);
        Assert.Contains("\"status\":408", response, StringComparison.Ordinal);
        request.Dispose();
        await sending;
    }

    [SkippableFact]
    public async Task Oversized_headers_are_rejected()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(shop.Gateway.Address, "replica/request"));
        request.Headers.Add("X-Large", new string('a', 17 * 1024));
        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    private async Task<int> CountAdmittedAsync(GatewayProcess gateway, string address)
    {
        var admitted = 0;
        for (var number = 0; number < 20; number++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Address, "replica/request"));
            request.Headers.Add("X-Forwarded-For", address);
            using var response = await client.SendAsync(request);
            admitted += response.StatusCode == HttpStatusCode.OK ? 1 : 0;
        }

        return admitted;
    }
}
