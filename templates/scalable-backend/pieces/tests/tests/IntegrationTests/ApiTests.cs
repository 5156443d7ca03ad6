using System.Net;
#if (HasJwt && HasSample)
using System.Net.Http.Headers;
#endif
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class ApiTests(Backend backend)
{
    [Fact]
    public async Task Probes_are_anonymous_and_return_only_a_status()
    {
#if (HasJwt)
        using var client = backend.CreateClient(customer: null);
#else
        using var client = backend.CreateClient();
#endif

        Assert.Equal("Healthy", await client.GetStringAsync("/alive", TestContext.Current.CancellationToken));
        await client.WaitForHealthAsync("Healthy");
    }

    [Fact]
    public async Task An_unknown_path_is_not_found_and_says_so_as_problem_details()
    {
        using var client = backend.CreateClient();

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(404, (await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken))!.Status);
    }

    [Fact]
    public async Task An_answer_is_of_no_use_to_a_hostile_page()
    {
        using var client = backend.CreateClient();

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
        Assert.True(response.Headers.CacheControl!.NoStore);
    }
#if (HasJwt && HasSample)

    [Theory]
    [InlineData("issuer")]
    [InlineData("audience")]
    [InlineData("key")]
    [InlineData("time")]
    [InlineData("text")]
    public async Task A_caller_with_a_wrong_token_is_turned_away(string fault)
    {
        using var client = backend.CreateClient(customer: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Wrong[fault]());

        using var response = await client.GetAsync("/v1/orders", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(401, (await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken))!.Status);
    }

    [Fact]
    public async Task A_token_that_was_let_in_is_turned_away_with_another_signature()
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
    public async Task A_caller_without_a_token_is_turned_away(string path)
    {
        using var client = backend.CreateClient(customer: null);

        using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
#endif
}
