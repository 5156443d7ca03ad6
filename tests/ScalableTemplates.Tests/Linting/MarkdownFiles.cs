using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

/// <summary>The files of a repository or an output, and the errors in its Markdown.</summary>
/// <param name="documents">The Markdown files by path.</param>
/// <param name="paths">The paths of all files.</param>
/// <param name="parse">Parses a file, or returns it from a cache.</param>
internal sealed partial class MarkdownFiles(
    IReadOnlyDictionary<string, string> documents, IEnumerable<string> paths, Func<string, MarkdownDocument>? parse = null)
{
    private static readonly JsonDocumentOptions Jsonc = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly Dictionary<string, MarkdownDocument> parsed = documents.ToDictionary(file => file.Key, file => (parse ?? MarkdownDocument.Parse)(file.Value));

    // Links may target folders as well; the root is the empty path.
    private readonly HashSet<string> targets = [.. paths.SelectMany(WithFolders)];

    public IEnumerable<string> BrokenLinks() =>
        from document in parsed
        from link in document.Value.Links
        where !Exists(document.Key, link.Target)
        select $"{document.Key}:{link.Line}: {link.Target} does not exist";

    public async Task<IReadOnlyList<string>> BrokenCodeAsync()
    {
        List<string> findings = [];
        foreach (var (path, document) in parsed)
        {
            foreach (var code in document.Code)
            {
                if (await ErrorInAsync(code) is { } error)
                {
                    findings.Add($"{path}:{code.Line}: {code.Language}: {error}");
                }
            }
        }

        return findings;
    }

    private static IEnumerable<string> WithFolders(string path)
    {
        for (; path.Length > 0; path = Parent(path))
        {
            yield return path;
        }

        yield return "";
    }

    private static string Parent(string path) => path[..Math.Max(path.LastIndexOf('/'), 0)];

    private bool Exists(string from, string link)
    {
        var own = OwnUrl().Match(link);
        if (own.Success)
        {
            link = "/" + own.Groups["path"].Value;
        }
        else if (Scheme().IsMatch(link))
        {
            return true;
        }

        var parts = link.Split('#', 2);
        var target = parts[0].Length == 0 ? from : Resolve(Parent(from), Uri.UnescapeDataString(parts[0]));
        return targets.Contains(target)
            && (parts.Length == 1 || !parsed.TryGetValue(target, out var document) || document.Anchors.Contains(Uri.UnescapeDataString(parts[1])));
    }

    // Paths outside the root are not in the repository.
    private static string Resolve(string folder, string path)
    {
        Stack<string> names = new(path.StartsWith('/') ? [] : folder.Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "."))
        {
            if (name != "..")
            {
                names.Push(name);
            }
            else if (!names.TryPop(out _))
            {
                return "..";
            }
        }

        return string.Join('/', names.Reverse());
    }

    private static async Task<string?> ErrorInAsync(MarkdownCode code) => code.Language switch
    {
        MarkdownCode.Unclosed => "the block has no closing fence",
        "json" or "yaml" or "yml" => Syntax.ErrorIn($"block.{code.Language}", code.Text),
        "jsonc" => ErrorInJsonc(code.Text),
        "csharp" or "cs" or "c#" => ErrorInCSharp(code.Text),
        "sh" or "bash" or "shell" => await ErrorInShellAsync(code.Text),
        _ => null,
    };

    private static string? ErrorInJsonc(string text)
    {
        try
        {
            JsonDocument.Parse(text, Jsonc).Dispose();
            return null;
        }
        catch (JsonException exception)
        {
            return exception.Message;
        }
    }

    // Statements and types, or the members of a type.
    private static string? ErrorInCSharp(string text) =>
        FirstError(text) is { } error && FirstError($"class Block {{ {text} }}") is not null ? error : null;

    private static string? FirstError(string text) =>
        CSharpSyntaxTree.ParseText(text).GetDiagnostics().FirstOrDefault(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)?.ToString();

    private static async Task<string?> ErrorInShellAsync(string text)
    {
        var result = await Command.RunAsync("bash", ["-n", "-c", text], Repo.Root, TimeSpan.FromMinutes(1));
        return result.ExitCode == 0 ? null : result.Error.Trim();
    }

    [GeneratedRegex("^https://(github|raw\\.githubusercontent)\\.com/ScalableTemplates/ScalableTemplates/((blob|tree|raw)/)?(refs/heads/)?main/(?<path>[^?]+)")]
    private static partial Regex OwnUrl();

    [GeneratedRegex("^([a-zA-Z][a-zA-Z0-9+.-]*:|//)")]
    private static partial Regex Scheme();
}
