using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class ApiTests(Backend backend)
{
    [Fact]
    public async Task Probes_are_anonymous_and_return_only_a_status()
    {
        using var client = backend.CreateClient(customer: null);

        Assert.Equal("Healthy", await client.GetStringAsync("/alive", TestContext.Current.CancellationToken));
        await client.WaitForHealthAsync("Healthy");
    }

    [Fact]
    public async Task An_unknown_path_returns_404_with_problem_details()
    {
        using var client = backend.CreateClient();

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(404, (await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken))!.Status);
    }

    [Fact]
    public async Task Responses_carry_security_headers()
    {
        using var client = backend.CreateClient();

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
        Assert.True(response.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("issuer")]
    [InlineData("audience")]
    [InlineData("key")]
    [InlineData("time")]
    [InlineData("text")]
    public async Task An_invalid_token_is_rejected(string defect)
    {
        using var client = backend.CreateClient(customer: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Invalid[defect]());

        using var response = await client.GetAsync("/v1/orders", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(401, (await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken))!.Status);
    }

    [Fact]
    public async Task A_validated_token_is_rejected_with_a_different_signature()
    {
        using var client = backend.CreateClient();
        using var good = await client.GetAsync("/v1/orders", TestContext.Current.CancellationToken);
        var token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token[..^10] + new string('A', 10));

        using var forged = await client.GetAsync("/v1/orders", TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (good.StatusCode, forged.StatusCode));
    }

    [Theory]
    [InlineData("/v1/products")]
    [InlineData("/v1/orders")]
    public async Task A_request_without_a_token_is_rejected(string path)
    {
        using var client = backend.CreateClient(customer: null);

        using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
