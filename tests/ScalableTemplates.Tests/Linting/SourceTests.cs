using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

public sealed class SourceTests
{
    private static readonly string[] GlobLists = ["exclude", "include", "copyOnly"];

    [Fact]
    public void Every_path_of_the_definition_exists()
    {
        var sources = TemplateSource.Definition["sources"]!.AsArray();
        var globs = TemplateSource.Modifiers
            .SelectMany(modifier => GlobLists.SelectMany(kind => modifier![kind]?.AsArray() ?? []))
            .Concat(TemplateSource.Definition["primaryOutputs"]!.AsArray().Select(output => output!["path"]))
            .Select(glob => (string)glob!)
            .Concat(TemplateSource.Modifiers.SelectMany(modifier => modifier!["rename"]?.AsObject().Select(rename => rename.Key) ?? []));

        Assert.All(sources, source => Assert.Null(source!["exclude"]));
        Findings.AssertNone(globs.Where(glob => !TemplateSource.Content.Keys.Any(path => Regex.IsMatch(path, Pattern(glob)))));
    }

    [Fact]
    public void Definition_stays_readable() =>
        Assert.InRange(File.ReadAllLines(Path.Combine(Repo.TemplateConfig, "template.json")).Length, 1, 310);

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
        var sdk = Regex.Match(TemplateSource.Content["src/AppHost/AppHost.csproj"], @"Aspire\.AppHost\.Sdk/(?<version>[\d.]+)").Groups["version"].Value;
        var packages = Regex.Matches(TemplateSource.Content["Directory.Packages.props"], @"Include=""Aspire\.[^""]+"" Version=""(?<version>[^""]+)""");

        // The SDK is published apart from the packages, and not for every patch.
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

    private static string Pattern(string glob) =>
        "^" + Regex.Escape(glob.EndsWith('/') ? glob + "**" : glob)
            .Replace(@"\*\*/", "(.+/)?", StringComparison.Ordinal)
            .Replace(@"\*\*", ".+", StringComparison.Ordinal)
            .Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "$";
}
