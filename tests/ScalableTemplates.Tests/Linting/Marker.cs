using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Linting;

internal enum MarkerStyle
{
    Hash,
    Xml,
    Slashes,
}

/// <summary>A line of a content file that the template engine reads as a condition.</summary>
internal sealed partial record Marker(string Path, int Line, string Keyword, string Condition, MarkerStyle Style)
{
    public string Place => $"{Path}:{Line}";

    public static IEnumerable<Marker> In(string path, string text)
    {
        var lines = text.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            if (Pattern().Match(lines[index]) is { Success: true } match)
            {
                // XML that the engine uncomments has its comment start and end on different lines.
                var style = match.Groups["open"].Value == "<!--" || match.Groups["close"].Success ? MarkerStyle.Xml
                    : match.Groups["open"].Value == "//" ? MarkerStyle.Slashes
                    : MarkerStyle.Hash;
                yield return new Marker(path, index + 1, match.Groups["keyword"].Value, match.Groups["condition"].Value.Trim(), style);
            }
        }
    }

    /// <summary>The only style that the engine supports in this file. Other styles are treated as text or break the file.</summary>
    public static MarkerStyle? StyleOf(string path) => System.IO.Path.GetFileName(path) switch
    {
        ".editorconfig" or ".gitignore" or ".gitattributes" or ".dockerignore" or "Dockerfile" => MarkerStyle.Hash,
        "nuget.config" => MarkerStyle.Xml,
        var name => System.IO.Path.GetExtension(name) switch
        {
            ".cs" or ".yml" or ".yaml" or ".http" => MarkerStyle.Hash,
            ".csproj" or ".props" or ".targets" or ".slnx" or ".xml" or ".md" => MarkerStyle.Xml,
            ".json" => MarkerStyle.Slashes,
            _ => null,
        },
    };

    [GeneratedRegex(@"^\s*(?<open><!--|//|)\s*#(?<keyword>if|elseif|elif|else|endif)\b(?<condition>.*?)(?<close>-->)?\s*$")]
    private static partial Regex Pattern();
}
