using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Images;

/// <summary>The environment variables that <c>docs/deployment.md</c> of a solution says are required.</summary>
internal static partial class RequiredSettings
{
    /// <summary>Gives the required settings of a service the values of this machine.</summary>
    /// <exception cref="KeyNotFoundException">A required setting has no value.</exception>
    public static Dictionary<string, string> Read(string solution, string service, IReadOnlyDictionary<string, string> values)
    {
        var page = File.ReadAllText(Path.Combine(solution, "docs", "deployment.md"));
        var section = page[page.IndexOf("\n## Required settings", StringComparison.Ordinal)..];
        var block = section[..section.IndexOf("\n```\n", StringComparison.Ordinal)];
        return Assignment().Matches(block)
            .Where(setting => !setting.Groups["only"].Success || setting.Groups["only"].Value.Equals(service, StringComparison.OrdinalIgnoreCase))
            .Select(setting => setting.Groups["name"].Value)
            .ToDictionary(name => name, name => values[name]);
    }

    // A comment says if only one service needs the setting.
    [GeneratedRegex("""^(?<name>\w+)="[^"]*"(\s+# (?<only>\w+) only)?""", RegexOptions.Multiline)]
    private static partial Regex Assignment();
}
