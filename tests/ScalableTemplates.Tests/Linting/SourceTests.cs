using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

public sealed class SourceTests
{
    [Fact]
    public void Every_folder_is_a_source_and_every_source_a_folder() =>
        Assert.Equal(TemplateSource.Content.Keys.Select(path => TemplateSource.Split(path).Source).Distinct().Order(), TemplateSource.Sources.Keys.Order());

    [Fact]
    public void Folder_name_of_a_piece_matches_its_condition() =>
        Findings.AssertNone(
            from source in TemplateSource.Sources
            let expected = source.Key == "base" ? "" : $"({string.Join(" && ", Symbols(source.Key))})"
            where !source.Value.Equals(expected, StringComparison.OrdinalIgnoreCase)
            select $"{source.Key}: {source.Value} instead of {expected}");

    [Fact]
    public void Sources_with_the_same_file_exclude_one_another() =>
        Findings.AssertNone(
            from file in TemplateSource.Content.Keys.Select(TemplateSource.Split).GroupBy(file => file.Path, file => file.Source)
            from first in file
            from second in file.Where(second => string.CompareOrdinal(first, second) < 0)
            where !Symbols(first).Any(symbol => Symbols(second).Any(other => Excludes(symbol, other)))
            select $"{file.Key}: {first} and {second}");

    [Fact]
    public void Primary_outputs_exist() =>
        Assert.All(TemplateSource.Definition["primaryOutputs"]!.AsArray(), output =>
            Assert.Contains($"base/{output!["path"]}", TemplateSource.Content.Keys));

    [Fact]
    public void Definition_stays_readable() =>
        Assert.InRange(File.ReadAllLines(Path.Combine(Repo.TemplateConfig, "template.json")).Length, 1, 400);

    [Fact]
    public void Post_actions_have_an_id_and_instructions() =>
        Assert.All(TemplateSource.Definition["postActions"]!.AsArray(), action =>
        {
            Assert.NotNull(action!["id"]);
            Assert.NotEmpty(action["manualInstructions"]!.AsArray());
        });

    [Fact]
    public void Pack_version_in_the_output_is_the_version_of_the_package()
    {
        var version = XDocument.Load(Repo.PackProject).Descendants("Version").Single().Value;

        Assert.Equal(version, (string?)TemplateSource.Symbols["packVersion"]["parameters"]!["value"]);
    }

    [Fact]
    public void Aspire_packages_have_one_version_and_the_sdk_is_of_the_same_minor()
    {
        var sdk = Regex.Match(TemplateSource.Content["pieces/aspire/src/AppHost/AppHost.csproj"], @"Aspire\.AppHost\.Sdk/(?<version>[\d.]+)").Groups["version"].Value;
        var packages = Regex.Matches(TemplateSource.Content["base/Directory.Packages.props"], @"Include=""Aspire\.[^""]+"" Version=""(?<version>[^""]+)""");

        // The SDK is released separately from the packages, and not for every patch.
        var version = Assert.Single(packages.Select(package => package.Groups["version"].Value).Distinct());
        Assert.Equal(Version.Parse(version).Minor, Version.Parse(sdk).Minor);
        Assert.Equal(Version.Parse(version).Major, Version.Parse(sdk).Major);
    }

    [Fact]
    public void Content_has_no_processing_switches_and_no_floating_versions() =>
        Findings.AssertNone(
            from file in TemplateSource.Content
            where Regex.IsMatch(file.Value, @":cnd:noEmit|Version=""[^""]*\*|image:.*:latest")
            select file.Key);

    [Fact]
    public void Files_are_small_enough_to_read() =>
        Findings.AssertNone(
            from file in TemplateSource.Content
            where file.Key.EndsWith(".cs", StringComparison.Ordinal) && !file.Key.Contains("Migrations", StringComparison.Ordinal)
            let lines = file.Value.Count(character => character == '\n')
            where lines > 200
            select $"{file.Key}: {lines} lines");

    // pieces/redis.no-aspire: HasRedis, !HasAspire
    private static IEnumerable<string> Symbols(string source) => source == "base" ? [] : source.Split('/')[^1].Split('.')
        .Select(part => part.StartsWith("no-", StringComparison.Ordinal) ? "!Has" + part[3..] : "Has" + part)
        .Select(symbol => symbol.Replace("-", "", StringComparison.Ordinal));

    private static bool Excludes(string symbol, string other) =>
        Normalize(symbol) == Normalize('!' + other).Replace("!!", "", StringComparison.Ordinal);

    // The symbols of the other value of an option are negations.
    private static string Normalize(string symbol) => symbol.ToUpperInvariant()
        .Replace("HASSQLITE", "!HASPOSTGRES", StringComparison.Ordinal)
        .Replace("HASMEMORYCACHE", "!HASREDIS", StringComparison.Ordinal)
        .Replace("HASDATABASEQUEUE", "!HASRABBITMQ", StringComparison.Ordinal)
        .Replace("!!", "", StringComparison.Ordinal);
}
