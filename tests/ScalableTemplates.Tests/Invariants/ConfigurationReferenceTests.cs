using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Invariants;

/// <summary>docs/configuration.md of each output lists the settings that its code reads, and no others.</summary>
[Collection(nameof(AllOutputs))]
public sealed partial class ConfigurationReferenceTests(AllOutputs all)
{
    private const string Reference = "docs/configuration.md";

    private readonly ConcurrentDictionary<string, CodeFile> code = new();

    [Fact]
    public void Every_setting_that_the_code_reads_is_listed() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var listed = Listed(output).ToList();
            var settings = Read(output);
            return settings.Keys.Where(key => !listed.Exists(name => Matches(name, key)))
                .Concat(settings.Sections.Where(section => !listed.Exists(name => IsWithin(name, section))))
                .Select(setting => $"{Reference} does not list {setting}");
        }));

    [Fact]
    public void Every_listed_setting_is_read() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var settings = Read(output);
            var files = InFiles(output);
            return Listed(output)
                .Where(name => !settings.Keys.Any(key => Matches(name, key)) && !settings.Sections.Any(section => IsWithin(name, section)) && !files.Contains(name))
                .Select(name => $"{Reference} lists {name}, which nothing reads");
        }));

    [Fact]
    public void No_setting_is_listed_twice() =>
        Findings.AssertNone(all.InEachOutput(output => Listed(output).GroupBy(name => name).Where(same => same.Count() > 1).Select(same => $"{Reference} lists {same.Key} twice")));

    // The first column of the tables; a part such as <consumer> stands for any.
    private static IEnumerable<string> Listed(Output output) =>
        from row in FirstCell().Matches(output.Files[Reference])
        from name in Code().Matches(row.Groups["cell"].Value)
        select Placeholder().Replace(name.Groups["name"].Value, "*");

    private CodeSettings Read(Output output) => new(output.Files
        .Where(file => file.Key.StartsWith("src/", StringComparison.Ordinal) && file.Key.EndsWith(".cs", StringComparison.Ordinal)
            && !file.Key.Contains("/Migrations/", StringComparison.Ordinal))
        .Select(file => code.GetOrAdd(file.Value, CodeFile.Parse))
        .ToList());

    // Settings of the framework, such as log levels.
    private static HashSet<string> InFiles(Output output) =>
        output.Files.Where(file => Path.GetFileName(file.Key).StartsWith("appsettings", StringComparison.Ordinal))
            .SelectMany(file =>
            {
                using var document = JsonDocument.Parse(file.Value, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
                return Flatten("", document.RootElement).ToList();
            })
            .ToHashSet();

    private static IEnumerable<string> Flatten(string path, JsonElement element) => element.ValueKind != JsonValueKind.Object ? [] :
        element.EnumerateObject().SelectMany(property => Flatten($"{path}{property.Name}:", property.Value).Prepend(path + property.Name));

    private static bool IsWithin(string name, string section) =>
        Matches(string.Join(':', name.Split(':').Take(section.Split(':').Length)), section);

    private static bool Matches(string name, string key)
    {
        var (names, parts) = (name.Split(':'), key.Split(':'));
        return names.Length == parts.Length && names.Zip(parts).All(pair => pair.First == pair.Second || pair.First == "*" || pair.Second == "*");
    }

    [GeneratedRegex(@"(?m)^\|(?<cell>[^|]*`[^|]*)\|")]
    private static partial Regex FirstCell();

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Placeholder();
}
