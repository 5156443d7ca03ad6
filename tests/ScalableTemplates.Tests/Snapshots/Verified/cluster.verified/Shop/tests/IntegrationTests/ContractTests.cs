using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Shop.IntegrationTests;

public sealed class ContractTests(Backend backend)
{
    [Theory]
    [InlineData("""{"email":""", "email")]
    [InlineData("""{"email":5}""", "email")]
    [InlineData("""{"email":"ada@example.com","paymentMethod":"card","lines":[{"productId":"x","quantity":1}]}""", "lines[0].productId")]
    [InlineData("""{"email":"ada@example.com","paymentMethod":"card","lines":[{"quantity":"1"}]}""", "lines[0].quantity")]
    [InlineData("""{"email":"ada@example.com","paymentMethod":"card","lines":[{"quantity":0}]}""", "lines[0].quantity")]
    [InlineData("""{"email":"ada@example.com","lines":[{"quantity":1}]}""", "paymentMethod")]
    [InlineData("null", "$")]
    public async Task A_validation_error_names_the_JSON_field(string body, string field)
    {
        using var client = backend.CreateClient();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await client.PostAsync("/v1/orders", content, TestContext.Current.CancellationToken);

        await AssertValidationErrorAsync(field, response);
    }

    [Theory]
    [InlineData("after=x", "after")]
    [InlineData("limit=x", "limit")]
    [InlineData("limit=0", "limit")]
    public async Task A_validation_error_names_the_query_parameter(string query, string parameter)
    {
        using var client = backend.CreateClient();

        using var response = await client.GetAsync($"/v1/orders?{query}", TestContext.Current.CancellationToken);

        await AssertValidationErrorAsync(parameter, response);
    }

    [Fact]
    public async Task The_OpenAPI_document_includes_the_responses_of_middleware()
    {
        using var client = backend.CreateClient();

        var document = await client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", TestContext.Current.CancellationToken);

        string[] expected =
        [
            "202", "400", "408", "409", "413", "415", "422", "503",
            "401", "403",
            "429",
        ];
        var responses = document.GetProperty("paths").GetProperty("/v1/orders").GetProperty("post").GetProperty("responses");
        Assert.Equal(expected.Order(), responses.EnumerateObject().Select(response => response.Name).Order());
    }

    private static async Task AssertValidationErrorAsync(string name, HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        var error = Assert.Single(problem.GetProperty("errors").EnumerateObject());
        Assert.Equal(name, error.Name);
        Assert.DoesNotMatch("PlaceOrder|Nullable|PaymentMethod|Quantity", problem.ToString());
    }
}
