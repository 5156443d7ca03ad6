using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>A YAML document. All scalars are strings.</summary>
internal sealed record Manifest(JsonNode Node)
{
    public string Kind => Text("kind")!;

    public string Name => Text("metadata", "name")!;

    public string Id => $"{Kind}/{Name}";

    public static IReadOnlyList<Manifest> Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Where(document => document.RootNode is YamlMappingNode).Select(document => new Manifest(ToJson(document.RootNode)!))];
    }

    public string? Text(params string[] path) => Node.Select(path).SingleOrDefault()?.ToString();

    public int? Number(params string[] path) => Text(path) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    public IEnumerable<JsonNode> Select(params string[] path) => Node.Select(path);

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => ToJsonObject(mapping),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "null" or "~" } => null,
        _ => JsonValue.Create(((YamlScalarNode)node).Value),
    };

    // A merge key (<<) adds the keys that the mapping does not have itself.
    private static JsonObject ToJsonObject(YamlMappingNode mapping)
    {
        var merged = mapping.Children.TryGetValue(new YamlScalarNode("<<"), out var template) ? ToJsonObject((YamlMappingNode)template) : [];
        foreach (var (key, value) in mapping.Children.Where(child => ((YamlScalarNode)child.Key).Value != "<<"))
        {
            merged[((YamlScalarNode)key).Value!] = ToJson(value);
        }

        return merged;
    }
}

internal static class JsonNodeExtensions
{
    /// <summary>Returns the nodes at a path; a star stands for all items of a list or values of an object.</summary>
    public static IEnumerable<JsonNode> Select(this JsonNode node, params string[] path) =>
        path.Aggregate<string, IEnumerable<JsonNode>>([node], (nodes, name) => nodes.SelectMany(current => current.Children(name)));

    public static string? Text(this JsonNode node, params string[] path) => node.Select(path).SingleOrDefault()?.ToString();

    private static IEnumerable<JsonNode> Children(this JsonNode node, string name) => (node, name) switch
    {
        (JsonArray items, "*") => items.OfType<JsonNode>(),
        (JsonObject values, "*") => values.Select(value => value.Value).OfType<JsonNode>(),
        (JsonObject values, _) when values[name] is { } value => [value],
        _ => [],
    };
}
