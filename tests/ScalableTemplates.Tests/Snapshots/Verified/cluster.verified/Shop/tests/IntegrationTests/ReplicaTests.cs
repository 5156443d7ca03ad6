using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class ReplicaTests(Backend backend)
{
    [Fact]
    public async Task A_client_that_sends_its_consistency_token_reads_its_own_writes()
    {
        using var client = backend.CreateClient();
        for (var order = 0; order < 20; order++)
        {
            var location = await client.PlaceOrderAsync("card");

            using var response = await client.GetAsync(location, TestContext.Current.CancellationToken);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task An_invalid_consistency_token_is_rejected()
    {
        using var client = backend.CreateClient();
        client.DefaultRequestHeaders.Add("Consistency-Token", "nonsense");

        using var response = await client.GetAsync("/v1/nothing", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<ProblemDetails>(TestContext.Current.CancellationToken);
        Assert.Contains("Consistency-Token", problem!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_standby_that_is_down_degrades_health_but_fails_no_request()
    {
        using var authenticated = backend.CreateClient();
        await using var api = backend.CreateApi(("ConnectionStrings:replica", "Host=127.0.0.1;Port=1;Username=nobody"));
        using var client = api.CreateClient();
        client.DefaultRequestHeaders.Authorization = authenticated.DefaultRequestHeaders.Authorization;

        await client.WaitForHealthAsync("Degraded");
        using var response = await client.GetAsync("/v1/products", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
