using System.Globalization;
using System.Net;
using System.Text.Json;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>The operations and schemas of an OpenAPI document.</summary>
internal sealed class ApiDescription(JsonElement document)
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch"];

    public IReadOnlyList<Operation> Operations { get; } =
    [
        .. from path in document.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           where Methods.Contains(operation.Name)
           select new Operation(
               new HttpMethod(operation.Name.ToUpperInvariant()),
               path.Name,
               [.. operation.Value.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Select(Parameter.Of) : []],
               operation.Value.TryGetProperty("requestBody", out var body)
                   ? body.GetProperty("content").GetProperty("application/json").GetProperty("schema")
                   : null,
               operation.Value.GetProperty("responses").EnumerateObject().ToDictionary(
                   response => (HttpStatusCode)int.Parse(response.Name, CultureInfo.InvariantCulture), response => response.Value)),
    ];

    /// <returns>The operation that a request calls; null if the document has none or the path is ambiguous.</returns>
    public Operation? Find(HttpMethod method, string path)
    {
        var segments = path.Split('?')[0].Split('/');
        return Operations.SingleOrDefault(operation => operation.Method == method
            && operation.Path.Split('/') is var template && template.Length == segments.Length
            && template.Zip(segments).All(pair => pair.First == pair.Second || (pair.First.StartsWith('{') && Uri.UnescapeDataString(pair.Second) is not ("" or "." or ".."))));
    }

    /// <returns>The target of a reference, or the schema itself.</returns>
    public JsonElement Resolve(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference)
            ? document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;
}

internal sealed record Operation(
    HttpMethod Method, string Path, IReadOnlyList<Parameter> Parameters, JsonElement? Body, IReadOnlyDictionary<HttpStatusCode, JsonElement> Responses)
{
    public override string ToString() => $"{Method} {Path}";
}

internal sealed record Parameter(string Name, string In, string? Example)
{
    public static Parameter Of(JsonElement parameter) => new(
        parameter.GetProperty("name").GetString()!,
        parameter.GetProperty("in").GetString()!,
        parameter.TryGetProperty("example", out var example) ? example.GetString() : null);
}
