using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Counts responses and records those that violate the contract.</summary>
internal sealed class FuzzReport(ResponseContract contract)
{
    // Kestrel rejects these before they reach the application: too long a request line or headers, or invalid HTTP.
    private static readonly HttpStatusCode[] KestrelErrors =
        [HttpStatusCode.BadRequest, HttpStatusCode.RequestUriTooLong, HttpStatusCode.RequestHeaderFieldsTooLarge];

    // Unknown paths are rejected before authentication, and bodies are read before the request is admitted.
    private static readonly HttpStatusCode[] RejectionsWithInvalidToken =
    [
        HttpStatusCode.Unauthorized, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.UnsupportedMediaType,
        HttpStatusCode.RequestEntityTooLarge,
    ];

    private readonly ConcurrentDictionary<string, int> counts = [];
    private readonly ConcurrentBag<string> findings = [];

    public IEnumerable<string> Findings => findings;

    /// <returns>The number of responses by status.</returns>
    public override string ToString() => string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Key}: {count.Value}"));

    public void Count(string status) => counts.AddOrUpdate(status, 1, (_, count) => count + 1);

    public void Add(FuzzRequest request, string finding) => findings.Add($"{finding}: {request}");

    public async Task CheckAsync(FuzzRequest request, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var status = (int)response.StatusCode;
        Count(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (IsFromKestrel(response, body))
        {
            return;
        }

        if (status >= 500)
        {
            Add(request, $"{status} {body}");
        }
        else if (request.IsRefused && !RejectionsWithInvalidToken.Contains(response.StatusCode))
        {
            Add(request, $"{status} without a token");
        }
        else if (status >= 400 && request.Method != HttpMethod.Head && FindError(response, body) is { } error)
        {
            Add(request, $"{status} {error}");
        }

        if (request.Operation is { } operation)
        {
            foreach (var difference in contract.FindDifferences(operation, response, body))
            {
                Add(request, $"{status} {difference}");
            }
        }
    }

    private static bool IsFromKestrel(HttpResponseMessage response, string body) =>
        body.Length == 0 && response.Headers.ConnectionClose is true && KestrelErrors.Contains(response.StatusCode);

    private static string? FindError(HttpResponseMessage response, string body)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return $"as {response.Content.Headers.ContentType}, with the body '{body}'";
        }

        try
        {
            var problem = JsonSerializer.Deserialize<JsonElement>(body);
            return problem.TryGetProperty("status", out var status) && status.GetInt32() == (int)response.StatusCode ? null : $"with another status in {body}";
        }
        catch (JsonException)
        {
            return $"with a body that is no JSON: {body}";
        }
    }
}
