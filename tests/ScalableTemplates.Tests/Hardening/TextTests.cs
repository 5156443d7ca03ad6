using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Text from clients is stored verbatim or rejected, in the same way on both databases.</summary>
[Collection("Hardening")]
public sealed class TextTests(ServersFixture servers)
{
    [SkippableTheory]
    [InlineData("services")]
    [InlineData("single")]
    public async Task Text_that_cannot_be_stored_is_a_client_error(string stage)
    {
        await using var backend = await StartAsync(stage);
        var product = await backend.GetProductIdAsync();

        Assert.Equal(HttpStatusCode.Accepted, await PlaceAsync(backend, product, new string('s', 255)));
        Assert.Equal(HttpStatusCode.Accepted, await PlaceAsync(backend, product, new string('ä', 255)));
        Assert.Equal(HttpStatusCode.Unauthorized, await PlaceAsync(backend, product, new string('s', 256)));
        Assert.Equal(HttpStatusCode.Unauthorized, await PlaceAsync(backend, product, "a\0b"));
        Assert.Equal(HttpStatusCode.BadRequest, await PlaceAsync(backend, product, "ada", paymentMethod: "card\\u0000"));
        Assert.Equal(HttpStatusCode.BadRequest, await PlaceAsync(backend, product, "ada", query: "?text=%00"));
        Assert.DoesNotContain("fail:", backend.Api.Log, StringComparison.Ordinal);
    }

    private async Task<Backend> StartAsync(string stage)
    {
        if (stage == "single")
        {
            var file = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}";
            var single = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Single), new Dictionary<string, string> { ["database"] = file });
            await single.StartApiAsync();
            return single;
        }

        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), await servers.GetConnectionStringsAsync());
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        return backend;
    }

    // Retries if the request timed out on a busy machine.
    private static async Task<HttpStatusCode> PlaceAsync(Backend backend, Guid product, string subject, string paymentMethod = "card", string query = "")
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create(subject));
        client.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
        var body = $$"""{"email":"ada@example.com","paymentMethod":"{{paymentMethod}}","lines":[{"productId":"{{product}}","quantity":1}]}""";
        for (var tries = 1; ; tries++)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(new Uri(backend.Address, "v1/orders" + query), content);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || tries == 10)
            {
                return response.StatusCode;
            }
        }
    }
}
