using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Testing;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class RateLimitingTests(Backend backend)
{
    [Fact]
    public async Task A_client_over_its_rate_limit_gets_429_with_Retry_After()
    {
        using var skipped = backend.CreateClient();
        await using var api = CreateApi(burst: 2);
        using var client = CreateClient(api, "ada");

        Assert.EndsWith(";r=1", (await GetAsync(client)).Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(client)).StatusCode);
        using var refused = await GetAsync(client);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.EndsWith(";q=1;w=60", refused.Headers.GetValues("RateLimit-Policy").Single(), StringComparison.Ordinal);
        Assert.InRange(int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture), 1, 60);
        var problem = await refused.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken);
        Assert.Equal((429, "https://tools.ietf.org/html/rfc6585#section-4"), (problem!.Status, problem.Type));
        Assert.Equal("Healthy", await client.GetStringAsync("/alive", TestContext.Current.CancellationToken));
        using var other = CreateClient(api, "grace");
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(other)).StatusCode);
    }

    [Fact]
    public async Task Addresses_of_one_IPv6_network_share_a_rate_limit()
    {
        using var skipped = backend.CreateClient();
        await using var api = CreateApi(burst: 1);

        Assert.NotEqual(HttpStatusCode.TooManyRequests, await GetStatusAsync(api, "2001:db8::1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await GetStatusAsync(api, "2001:db8::ffff:1"));
        Assert.NotEqual(HttpStatusCode.TooManyRequests, await GetStatusAsync(api, "2001:db8:0:1::1"));
        Assert.NotEqual(HttpStatusCode.TooManyRequests, await GetStatusAsync(api, "192.0.2.1"));
        Assert.NotEqual(HttpStatusCode.TooManyRequests, await GetStatusAsync(api, "192.0.2.2"));
    }

    [Fact]
    public async Task A_subject_that_looks_like_an_IP_address_has_a_separate_rate_limit()
    {
        const string Address = "192.0.2.1";
        using var skipped = backend.CreateClient();
        await using var api = CreateApi(burst: 1);
        using var anonymous = api.CreateClient();
        anonymous.DefaultRequestHeaders.Add("X-Forwarded-For", Address);
        using var customer = CreateClient(api, Address);

        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await GetAsync(anonymous)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await GetAsync(anonymous)).StatusCode);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await GetAsync(customer)).StatusCode);
    }

    private WebApplicationFactory<Program> CreateApi(int burst)
    {
        // A unique name, as the counters of a plan may outlive the test run.
        var plan = $"test-{Guid.NewGuid():N}";
        return backend.CreateApi(
            ("RateLimiting:DefaultPlan", plan),
            ($"RateLimiting:Plans:{plan}:RequestsPerMinute", "1"),
            ($"RateLimiting:Plans:{plan}:Burst", $"{burst}"),
            ("ForwardedHeaders:KnownNetworks:0", "10.0.0.0/8"));
    }

    private static async Task<HttpStatusCode> GetStatusAsync(WebApplicationFactory<Program> api, string address)
    {
        using var client = api.CreateClient();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        using var response = await GetAsync(client);
        return response.StatusCode;
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient client) => client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

    private static HttpClient CreateClient(WebApplicationFactory<Program> api, string customer)
    {
        var client = api.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Create(customer));
        return client;
    }
}
