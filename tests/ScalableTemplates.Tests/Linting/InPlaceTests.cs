using System.Xml.Linq;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Linting;

/// <summary>The sources of the template are part of the solution, so they are also read by the compiler, with every piece on.</summary>
public sealed class InPlaceTests
{
    // Each excludes a piece that is on.
    private static readonly string[] Off = ["HasSqlite", "HasCompose", "HasPasswords", "IsSingleStage"];

    private static readonly List<Marker> Markers =
        [.. TemplateSource.Content.Where(file => file.Key.EndsWith(".cs", StringComparison.Ordinal)).SelectMany(file => Marker.In(file.Key, file.Value))];

    [Fact]
    public void Every_symbol_in_code_is_defined_in_place()
    {
        var defined = XDocument.Load(Path.Combine(Repo.Root, "templates", "Directory.Build.targets")).Descendants("DefineConstants").Single().Value.Split(';');

        Findings.AssertNone(
            from marker in Markers
            from name in TemplateSource.Names(marker.Condition)
            where !defined.Contains(name) && !Off.Contains(name)
            select $"{marker.Place}: {name}");
    }

    [Fact]
    public void Conditions_in_code_are_those_of_the_compiler() =>
        Findings.AssertNone(Markers.Where(marker => marker.Keyword == "elseif").Select(marker => $"{marker.Place}: #elseif instead of #elif"));
}
