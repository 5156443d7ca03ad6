using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Validates responses against the OpenAPI document.</summary>
internal sealed class ResponseContract(ApiDescription api)
{
    private readonly ConcurrentDictionary<(Operation Operation, HttpStatusCode Status), int> seen = [];

    /// <summary>The operations with at least one successful response.</summary>
    public IEnumerable<Operation> Successful =>
        api.Operations.Where(operation => seen.Keys.Any(response => response.Operation == operation && (int)response.Status < 300));

    /// <returns>The number of responses by operation and status, including documented statuses that were never returned.</returns>
    public override string ToString() => string.Join(Environment.NewLine, api.Operations.Select(operation =>
        $"{operation}: {string.Join(", ", operation.Responses.Keys.Order().Select(status => $"{(int)status} {seen.GetValueOrDefault((operation, status))}"))}"));

    public IEnumerable<string> FindDifferences(Operation operation, HttpResponseMessage response, string body)
    {
        seen.AddOrUpdate((operation, response.StatusCode), 1, (_, count) => count + 1);
        if (!operation.Responses.TryGetValue(response.StatusCode, out var documented))
        {
            return [$"is not a documented status of {operation}"];
        }

        var headers = documented.TryGetProperty("headers", out var all) ? all.EnumerateObject() : [];
        return headers.Where(header => header.Value.TryGetProperty("required", out var required) && required.GetBoolean() && !response.Headers.Contains(header.Name))
            .Select(header => $"lacks the header {header.Name} that {operation} has in the document")
            .Concat(FindInBody(documented, response.Content.Headers.ContentType?.MediaType, body).Select(difference => $"{difference}, unlike {operation} in the document"));
    }

    private IEnumerable<string> FindInBody(JsonElement documented, string? mediaType, string body)
    {
        if (!documented.TryGetProperty("content", out var content))
        {
            return body.Length > 0 ? [$"has the body '{body}'"] : [];
        }

        return content.TryGetProperty(mediaType ?? "", out var media)
            ? FindInValue("$", media.GetProperty("schema"), JsonSerializer.Deserialize<JsonElement>(body), mediaType == "application/json")
            : [$"has a body as {mediaType}"];
    }

    // RFC 9457 allows problem details to have extension members.
    private IEnumerable<string> FindInValue(string path, JsonElement schema, JsonElement value, bool isClosed)
    {
        schema = api.Resolve(schema);
        if (!IsOfType(schema, value))
        {
            return [$"has {path} = {value}"];
        }

        if (schema.TryGetProperty("enum", out var names) && !names.EnumerateArray().Any(name => name.ValueEquals(value.GetString())))
        {
            return [$"has {path} = {value}"];
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            return value.EnumerateArray().SelectMany((item, index) => FindInValue($"{path}[{index}]", schema.GetProperty("items"), item, isClosed));
        }

        if (value.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
        {
            return [];
        }

        var required = schema.TryGetProperty("required", out var list) ? list.EnumerateArray().Select(name => name.GetString()!) : [];
        return required.Where(name => !value.TryGetProperty(name, out _)).Select(name => $"lacks {path}.{name}")
            .Concat(value.EnumerateObject().SelectMany(property => properties.TryGetProperty(property.Name, out var declared)
                ? FindInValue($"{path}.{property.Name}", declared, property.Value, isClosed)
                : isClosed ? [$"has {path}.{property.Name}"] : []));
    }

    private static bool IsOfType(JsonElement schema, JsonElement value)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return true;
        }

        var types = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(name => name.GetString()) : [type.GetString()];
        return types.Any(name => name switch
        {
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            _ => value.ValueKind.ToString().Equals(name, StringComparison.OrdinalIgnoreCase),
        });
    }
}
