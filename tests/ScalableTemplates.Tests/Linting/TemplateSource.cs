using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

/// <summary>The source of the template: its definition and its content files.</summary>
internal static partial class TemplateSource
{
    public static JsonObject Definition { get; } = Repo.ReadTemplateConfig("template.json");

    public static JsonObject CliHost { get; } = Repo.ReadTemplateConfig("dotnetcli.host.json");

    public static JsonObject IdeHost { get; } = Repo.ReadTemplateConfig("ide.host.json");

    public static IReadOnlyDictionary<string, JsonObject> Symbols { get; } =
        Definition["symbols"]!.AsObject().ToDictionary(symbol => symbol.Key, symbol => symbol.Value!.AsObject());

    public static IReadOnlyDictionary<string, string> Content { get; } = FileTree.Read(Repo.Template).Files
        .Where(file => !file.Key.StartsWith(".template.config/", StringComparison.Ordinal))
        .ToDictionary(file => file.Key, file => file.Value);

    /// <summary>The source folders of an output with their conditions; the condition of the base is empty.</summary>
    public static IReadOnlyDictionary<string, string> Sources { get; } = Definition["sources"]!.AsArray().ToDictionary(
        source => ((string)source!["source"]!).TrimStart('.', '/').TrimEnd('/'), source => (string?)source!["condition"] ?? "");

    /// <summary>Splits a path of <see cref="Content"/> into its source folder and its path in the output.</summary>
    public static (string Source, string Path) Split(string path)
    {
        var parts = path.Split('/', path.StartsWith("pieces/", StringComparison.Ordinal) ? 3 : 2);
        return (string.Join('/', parts[..^1]), parts[^1]);
    }

    public static IEnumerable<string> OfType(string type) =>
        Symbols.Where(symbol => (string?)symbol.Value["type"] == type).Select(symbol => symbol.Key);

    /// <summary>The symbol names in a condition, without string literals.</summary>
    public static IEnumerable<string> Names(string? condition) =>
        Name().Matches(Literal().Replace(condition ?? "", "")).Select(match => match.Value).Where(name => name is not ("true" or "false"));

    [GeneratedRegex("\"[^\"]*\"|'[^']*'")]
    private static partial Regex Literal();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Name();
}
