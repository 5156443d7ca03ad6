using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Monitoring;

/// <summary>Reads what a PromQL expression selects.</summary>
internal static partial class PromQuery
{
    private static readonly HashSet<string> Keywords = ["and", "or", "unless", "offset", "bool", "Inf", "NaN"];

    /// <summary>Replaces the variables of Grafana, as it does before it queries.</summary>
    public static string WithoutVariables(string expression) => Variable().Replace(expression, match => match.Value == "$__rate_interval" ? "5m" : ".+");

    /// <returns>The metrics with their label matchers, such as <c>up{job="rabbitmq"}</c>.</returns>
    public static IEnumerable<string> Selectors(string expression) => Selector()
        .Matches(Grouping().Replace(WithoutVariables(expression), ""))
        .Where(match => !Keywords.Contains(match.Groups["name"].Value))
        .Select(match => match.Value);

    /// <returns>The labels by which it groups or joins.</returns>
    public static IEnumerable<string> GroupingLabels(string expression) => Grouping()
        .Matches(expression)
        .SelectMany(match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\((?<labels>[^)]*)\)")]
    private static partial Regex Grouping();

    // Neither a function nor the unit of a duration.
    [GeneratedRegex(@"(?<![\w:.])(?<name>[a-zA-Z_:][\w:]*)(?![\w:]|\s*\()(\{[^}]*\})?")]
    private static partial Regex Selector();
}
