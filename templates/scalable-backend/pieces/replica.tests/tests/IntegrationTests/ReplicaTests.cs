using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class ReplicaTests(Backend backend)
{
#if (HasSample)
    [Fact]
    public async Task A_caller_that_sends_its_token_along_reads_what_it_wrote()
    {
        using var client = backend.CreateClient();
        for (var order = 0; order < 20; order++)
        {
            var location = await client.PlaceOrderAsync("card");

            using var response = await client.GetAsync(location, TestContext.Current.CancellationToken);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

#endif
    [Fact]
    public async Task A_token_that_is_none_is_refused()
    {
        using var client = backend.CreateClient();
        client.DefaultRequestHeaders.Add("Consistency-Token", "nonsense");

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken);
        Assert.Contains("Consistency-Token", problem!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_that_is_down_degrades_the_service_and_fails_no_request()
    {
        using var other = backend.CreateClient();
        await using var api = backend.CreateApi(("ConnectionStrings:replica", "Host=127.0.0.1;Port=1;Username=nobody"));
        using var client = api.CreateClient();
        client.DefaultRequestHeaders.Authorization = other.DefaultRequestHeaders.Authorization;

        await client.WaitForHealthAsync("Degraded");
#if (HasSample)
        using var response = await client.GetAsync("/v1/products", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
#endif
    }
}
