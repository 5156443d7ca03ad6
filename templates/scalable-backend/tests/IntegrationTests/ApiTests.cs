using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class ApiTests(Backend backend)
{
    [Theory]
    [InlineData("/alive")]
    [InlineData("/health")]
    public async Task Probes_answer_strangers_with_one_word(string path)
    {
#if (HasJwt)
        using var client = backend.CreateClient(customer: null);
#else
        using var client = backend.CreateClient();
#endif

        Assert.Equal("Healthy", await client.GetStringAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_unknown_path_is_not_found_and_says_so_as_problem_details()
    {
        using var client = backend.CreateClient();

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(404, (await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken))!.Status);
    }
#if (HasJwt && HasSample)

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
