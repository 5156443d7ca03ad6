using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>What was answered, and what of it is not as it must be.</summary>
internal sealed class FuzzReport(ResponseContract contract)
{
    // Kestrel refuses these before the application sees them: the request line or the headers are too long, or no HTTP.
    private static readonly HttpStatusCode[] OfKestrel =
        [HttpStatusCode.BadRequest, HttpStatusCode.RequestUriTooLong, HttpStatusCode.RequestHeaderFieldsTooLarge];

    // Where there is nothing to protect, nobody is asked who he is.
    // And bodies are read before a request counts as one that is worked on.
    private static readonly HttpStatusCode[] Refusals =
    [
        HttpStatusCode.Unauthorized, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.UnsupportedMediaType,
        HttpStatusCode.RequestEntityTooLarge,
    ];

    private readonly ConcurrentDictionary<string, int> answers = [];
    private readonly ConcurrentBag<string> findings = [];

    public IEnumerable<string> Findings => findings;

    /// <returns>How often each status was answered.</returns>
    public override string ToString() => string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Key}: {answer.Value}"));

    public void Count(string answer) => answers.AddOrUpdate(answer, 1, (_, count) => count + 1);

    public void Add(FuzzRequest request, string finding) => findings.Add($"{finding}: {request}");

    public async Task CheckAsync(FuzzRequest request, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var status = (int)response.StatusCode;
        Count(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (IsOfKestrel(response, body))
        {
            return;
        }

        if (status >= 500)
        {
            Add(request, $"{status} {body}");
        }
        else if (request.IsRefused && !Refusals.Contains(response.StatusCode))
        {
            Add(request, $"{status} without a token");
        }
        else if (status >= 400 && request.Method != HttpMethod.Head && FindWrong(response, body) is { } wrong)
        {
            Add(request, $"{status} {wrong}");
        }

        if (request.Operation is { } operation)
        {
            foreach (var difference in contract.FindDifferences(operation, response, body))
            {
                Add(request, $"{status} {difference}");
            }
        }
    }

    private static bool IsOfKestrel(HttpResponseMessage response, string body) =>
        body.Length == 0 && response.Headers.ConnectionClose is true && OfKestrel.Contains(response.StatusCode);

    private static string? FindWrong(HttpResponseMessage response, string body)
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
