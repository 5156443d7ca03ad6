using System.Text;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace ScalableTemplates.Tests.Snapshots;

/// <summary>The difference of two outputs, without line numbers: those change with every edit elsewhere in the file.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    public static string Between(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after)
    {
        var text = new StringBuilder();
        foreach (var path in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            switch (before.GetValueOrDefault(path), after.GetValueOrDefault(path))
            {
                case (null, { } added):
                    text.Append("=== added ").Append(path).Append('\n');
                    Append(text, added.Split('\n').SkipLast(added.EndsWith('\n') ? 1 : 0).Select(line => "+" + line));
                    break;
                case ({ }, null):
                    // Its text is in the snapshot of the stage.
                    text.Append("=== removed ").Append(path).Append('\n');
                    break;
                case ({ } old, { } changed) when old != changed:
                    text.Append("=== changed ").Append(path).Append('\n');
                    Append(text, Hunks(InlineDiffBuilder.Diff(old, changed, ignoreWhiteSpace: false).Lines));
                    break;
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static IEnumerable<string> Hunks(List<DiffPiece> lines)
    {
        var last = -1;
        for (var index = 0; index < lines.Count; index++)
        {
            var near = lines.Skip(index - Context).Take(Math.Min(index, Context) + Context + 1);
            if (near.All(line => line.Type == ChangeType.Unchanged))
            {
                continue;
            }

            if (index != last + 1 || last < 0)
            {
                yield return "@@";
            }

            last = index;
            yield return lines[index].Type switch
            {
                ChangeType.Inserted => "+",
                ChangeType.Deleted => "-",
                _ => " ",
            } + lines[index].Text;
        }
    }

    private static void Append(StringBuilder text, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }
    }
}
