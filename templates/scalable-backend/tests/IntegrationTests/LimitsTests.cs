using System.Globalization;
using System.Net;
#if (HasJwt)
using System.Net.Http.Headers;
#endif
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Testing;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class LimitsTests(Backend backend)
{
    [Fact]
    public async Task A_client_that_asks_too_often_is_told_when_to_come_back()
    {
        using var skipped = backend.CreateClient();
        // Its counts may outlive a run.
        var plan = $"test-{Guid.NewGuid():N}";
        await using var api = backend.CreateApi(
            ("Limits:DefaultPlan", plan), ($"Limits:Plans:{plan}:RequestsPerMinute", "1"), ($"Limits:Plans:{plan}:Burst", "2"));
        using var client = CreateClient(api, "ada");

        Assert.Equal($"\"{plan}\";r=1", (await GetAsync(client)).Headers.GetValues("RateLimit").Single());
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(client)).StatusCode);
        using var refused = await GetAsync(client);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal($"\"{plan}\";q=1;w=60", refused.Headers.GetValues("RateLimit-Policy").Single());
        Assert.InRange(int.Parse(refused.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture), 1, 60);
        var problem = await refused.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken);
        Assert.Equal((429, "https://tools.ietf.org/html/rfc6585#section-4"), (problem!.Status, problem.Type));
        Assert.Equal("Healthy", await client.GetStringAsync("/alive", TestContext.Current.CancellationToken));
#if (HasJwt)
        using var other = CreateClient(api, "grace");
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(other)).StatusCode);
#endif
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient client) => client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

#if (HasJwt)
    private static HttpClient CreateClient(WebApplicationFactory<Program> api, string customer)
    {
        var client = api.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Create(customer));
        return client;
    }
#else
    private static HttpClient CreateClient(WebApplicationFactory<Program> api, string _) => api.CreateClient();
#endif
}
