using System.Text;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Linting;

/// <summary>A Markdown file: its links, its anchors on GitHub and its fenced code blocks.</summary>
internal sealed partial class MarkdownDocument
{
    private MarkdownDocument(IReadOnlyList<MarkdownLink> links, IReadOnlySet<string> anchors, IReadOnlyList<MarkdownCode> code)
    {
        Links = links;
        Anchors = anchors;
        Code = code;
    }

    public IReadOnlyList<MarkdownLink> Links { get; }

    public IReadOnlySet<string> Anchors { get; }

    public IReadOnlyList<MarkdownCode> Code { get; }

    public static MarkdownDocument Parse(string text)
    {
        List<MarkdownLink> links = [];
        HashSet<string> anchors = [];
        List<MarkdownCode> code = [];
        Match? fence = null;
        var block = new StringBuilder();
        var start = 0;

        foreach (var (index, line) in text.ReplaceLineEndings("\n").Split('\n').Index())
        {
            var opening = Fence().Match(line);
            if (fence is null && opening.Success)
            {
                (fence, start) = (opening, index + 1);
                block.Clear();
            }
            else if (fence is null)
            {
                AddHeading(line, anchors);
                // Links in code spans are text.
                var prose = CodeSpan().Replace(line, "");
                anchors.UnionWith(Id().Matches(prose).Select(id => id.Groups["id"].Value));
                links.AddRange(Link().Matches(prose).Select(link => new MarkdownLink(link.Groups["target"].Value, index + 1)));
            }
            else if (opening.Success && opening.Groups["info"].Length == 0 && opening.Groups["fence"].Value.StartsWith(fence.Groups["fence"].Value, StringComparison.Ordinal))
            {
                code.Add(new MarkdownCode(fence.Groups["info"].Value, block.ToString(), start));
                fence = null;
            }
            else
            {
                // A block in a list has the indentation of its fence.
                var indent = Math.Min(fence.Groups["indent"].Length, line.Length - line.TrimStart(' ').Length);
                block.Append(line.AsSpan(indent)).Append('\n');
            }
        }

        return new MarkdownDocument(links, anchors, fence is null ? code : [.. code, new MarkdownCode(MarkdownCode.Unclosed, block.ToString(), start)]);
    }

    // As on GitHub: letters, digits, hyphens and underscores in lower case, with a number for repeated headings.
    private static void AddHeading(string line, HashSet<string> anchors)
    {
        var heading = Heading().Match(line);
        if (!heading.Success)
        {
            return;
        }

        var text = Target().Replace(heading.Groups["text"].Value, "${text}").ToLowerInvariant();
        var anchor = string.Concat(text.Where(character => char.IsLetterOrDigit(character) || character is ' ' or '-' or '_')).Replace(' ', '-');
        var free = anchor;
        for (var number = 1; !anchors.Add(free); number++)
        {
            free = $"{anchor}-{number}";
        }
    }

    [GeneratedRegex(@"^(?<indent>\s*)(?<fence>`{3,}|~{3,})\s*(?<info>[^\s`]*)[^`]*$")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^ {0,3}#{1,6}\s+(?<text>.+?)\s*#*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex Target();

    [GeneratedRegex("(`+)(?!`).*?(?<!`)\\1(?!`)")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"<\w+[^>]*\s(id|name)=""(?<id>[^""]+)""")]
    private static partial Regex Id();

    [GeneratedRegex(@"\]\(<?(?<target>[^)>\s]+)|^\s{0,3}\[[^\]]+\]:\s*<?(?<target>[^>\s]+)|\b(src|srcset|href)=""(?<target>[^""\s]+)|<(?<target>https?://[^>\s]+)>")]
    private static partial Regex Link();
}

internal sealed record MarkdownLink(string Target, int Line);

/// <param name="Language">The word after the opening fence.</param>
/// <param name="Line">The one-based line of the opening fence.</param>
internal sealed record MarkdownCode(string Language, string Text, int Line)
{
    public const string Unclosed = "(unclosed)";
}
