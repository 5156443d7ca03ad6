using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The API reference page, which a developer sees first in a browser.</summary>
[Collection("End to end")]
public sealed partial class ApiPageTests : IAsyncLifetime
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch"];

    private readonly string database = $"Data Source={Path.Combine(TempFolder.Create("sqlite"), "app.db")}";
    private Backend backend = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Single), new Dictionary<string, string> { ["database"] = database });
        await backend.StartApiAsync();
        client = new HttpClient { BaseAddress = backend.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await backend.DisposeAsync();
    }

    [Fact]
    public async Task The_root_redirects_to_the_API_reference_which_is_titled_after_the_solution_and_self_hosted()
    {
        using var response = await client.GetAsync(new Uri("", UriKind.Relative));
        var page = await response.Content.ReadAsStringAsync();

        Assert.Equal("/scalar/", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("<title>Shop API</title>", page, StringComparison.Ordinal);
        Assert.Contains("\"withDefaultFonts\":false", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(OtherHost(), page);
        Assert.Contains("default-src 'self' data:;", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_example_request_of_the_API_reference_succeeds()
    {
        var document = await client.GetFromJsonAsync<JsonElement>("openapi/v1.json");
        var order = await backend.PlaceOrderAsync("card");
        var operations =
            from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            where Methods.Contains(operation.Name)
            select (Method: operation.Name, Path: path.Name, Description: operation.Value);

        Assert.Equal("Shop API", document.GetProperty("info").GetProperty("title").GetString());
        Assert.Equal(8, operations.Count());
        var created = "";
        foreach (var (method, path, description) in operations)
        {
            // Order ids have no example, and DELETE must not remove the product that the other examples use.
            using var request = CreateRequest(
                method, method == "delete" ? created : path.Replace("/orders/{id}", $"/orders/{order}", StringComparison.Ordinal), description);
            using var response = await client.SendAsync(request);
            Assert.True(response.IsSuccessStatusCode, $"{method} {request.RequestUri}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            created = response.StatusCode == HttpStatusCode.Created ? response.Headers.Location!.ToString() : created;
        }
    }

    [Fact]
    public async Task The_build_writes_the_document_that_the_API_serves()
    {
        var served = (await client.GetFromJsonAsync<JsonObject>("openapi/v1.json"))!;
        // The address that the document was requested from.
        served.Remove("servers");

        var file = Path.Combine(await BuiltSolution.GetAsync(TemplateOptions.Single), "docs", "openapi.json");
        Assert.Equal(served.ToJsonString(), JsonNode.Parse(await File.ReadAllTextAsync(file))!.ToJsonString());
    }

    private static HttpRequestMessage CreateRequest(string method, string path, JsonElement description)
    {
        var request = new HttpRequestMessage { Method = HttpMethod.Parse(method) };
        foreach (var parameter in description.GetProperty("parameters").EnumerateArray().Where(parameter => parameter.TryGetProperty("example", out _)))
        {
            var name = parameter.GetProperty("name").GetString()!;
            var example = parameter.GetProperty("example").GetString()!;
            path = path.Replace($"{{{name}}}", example, StringComparison.Ordinal);
            if (parameter.GetProperty("in").GetString() == "header")
            {
                request.Headers.Add(name, example);
            }
        }

        if (description.TryGetProperty("requestBody", out var body))
        {
            request.Content = new StringContent(
                body.GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText(), Encoding.UTF8, "application/json");
        }

        request.RequestUri = new Uri(path, UriKind.Relative);
        return request;
    }

    [GeneratedRegex(@"(?:src|href)\s*=\s*[""'](?:https?:)?//|""https?://")]
    private static partial Regex OtherHost();
}
