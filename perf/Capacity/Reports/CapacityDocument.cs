using System.Text.RegularExpressions;

namespace Capacity.Reports;

/// <summary>The tables of docs/capacity.md, each between a line that names it and an end line.</summary>
internal sealed partial class CapacityDocument(Figures figures)
{
    private static readonly string[] Names = ["sizing", "zone-loss", "ladder", "figures"];

    private readonly Lazy<IReadOnlyList<ZoneLossRun>> runs = new(() => ZoneLossRun.RunAll(figures));

    public IReadOnlyList<ZoneLossRun> Runs => runs.Value;

    public string Tables => string.Join("\n\n", Names.Select(CreateTable));

    /// <summary>Replaces the tables of a document.</summary>
    public string Apply(string document) => Marked().Replace(document, match =>
        $"{match.Groups["begin"].Value}\n{CreateTable(match.Groups["name"].Value)}\n{match.Groups["end"].Value}");

    private string CreateTable(string name) => name switch
    {
        "sizing" => SizingTable.Create(figures),
        "zone-loss" => ZoneLossTable.Create(Runs),
        "ladder" => LadderTable.Create(figures),
        "figures" => FiguresTable.Create(figures),
        _ => throw new InvalidOperationException($"There is no table {name}."),
    };

    [GeneratedRegex("(?<begin><!-- capacity: (?<name>[a-z-]+) -->)\n.*?(?<end><!-- capacity: end -->)", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Marked();
}
