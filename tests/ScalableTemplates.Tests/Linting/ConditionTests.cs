using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

/// <summary>Conditions of the template. The engine silently evaluates a misspelled symbol to false.</summary>
public sealed partial class ConditionTests
{
    private static readonly List<Marker> Markers = TemplateSource.Content.SelectMany(file => Marker.In(file.Key, file.Value)).ToList();

    private static readonly HashSet<string> Computed = TemplateSource.OfType("computed").ToHashSet();

    [Fact]
    public void Conditions_in_content_use_computed_symbols_only() =>
        Findings.AssertNone(
            from marker in Markers
            from name in TemplateSource.Names(marker.Condition)
            where !Computed.Contains(name)
            select $"{marker.Place}: '{name}'");

    [Fact]
    public void Conditions_are_complete() =>
        Findings.AssertNone(
            from marker in Markers
            where marker.Keyword is "if" or "elif" or "elseif"
                ? !CompleteCondition().IsMatch(marker.Condition)
                : marker.Condition.Length > 0
            select $"{marker.Place}: '{marker.Condition}'");

    [Fact]
    public void Markers_have_the_style_of_their_file_type() =>
        Findings.AssertNone(
            from marker in Markers
            where Marker.StyleOf(marker.Path) != marker.Style
            select $"{marker.Place}: {marker.Style}");

    [Fact]
    public void Blocks_are_balanced()
    {
        foreach (var file in Markers.GroupBy(marker => marker.Path))
        {
            var open = new Stack<Marker>();
            foreach (var marker in file)
            {
                if (marker.Keyword == "if")
                {
                    open.Push(marker);
                }
                else
                {
                    Assert.True(open.Count > 0, $"{marker.Place}: #{marker.Keyword} without #if");
                    if (marker.Keyword == "endif")
                    {
                        open.Pop();
                    }
                }
            }

            Assert.True(open.Count == 0, $"#if without #endif at {string.Join(", ", open.Select(marker => marker.Place))}");
        }
    }

    [Fact]
    public void MSBuild_conditions_use_no_template_symbols() =>
        Findings.AssertNone(
            from file in TemplateSource.Content
            from Match match in MsbuildCondition().Matches(file.Value)
            from name in TemplateSource.Names(match.Groups["condition"].Value.Replace("'", "", StringComparison.Ordinal))
            where TemplateSource.Symbols.ContainsKey(name)
            select $"{file.Key}: {match.Value}");

    [Fact]
    public void Conditions_of_the_definition_use_declared_symbols_only()
    {
        string?[] conditions =
        [
            .. TemplateSource.OfType("computed").Select(name => (string?)TemplateSource.Symbols[name]["value"]),
            .. TemplateSource.Sources.Values,
            .. TemplateSource.Definition["postActions"]!.AsArray().Select(action => (string?)action!["condition"]),
            .. TemplateSource.Definition["postActions"]!.AsArray()
                .SelectMany(action => action!["manualInstructions"]?.AsArray().Select(text => (string?)text!["condition"]) ?? []),
        ];

        Findings.AssertNone(conditions.SelectMany(TemplateSource.Names).Where(name => !TemplateSource.Symbols.ContainsKey(name)));
    }

    [GeneratedRegex(@"^\((!?\w+|!?\(.+\)|[\w\s!&|()]+)\)$")]
    private static partial Regex CompleteCondition();

    [GeneratedRegex("Condition=\"(?<condition>[^\"]*)\"")]
    private static partial Regex MsbuildCondition();
}
