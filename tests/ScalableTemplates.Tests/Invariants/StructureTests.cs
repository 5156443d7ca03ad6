using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ScalableTemplates.Tests.Infrastructure;
using ScalableTemplates.Tests.Linting;

namespace ScalableTemplates.Tests.Invariants;

[Collection(nameof(AllOutputs))]
public sealed class StructureTests(AllOutputs all)
{
    private readonly ConcurrentDictionary<string, MarkdownDocument> documents = new();

    [Fact]
    public void Every_file_parses() =>
        Findings.AssertNone(all.InEachFile((path, text) => Syntax.ErrorIn(path, text) is { } error ? [error] : []));

    [Fact]
    public void Solution_lists_exactly_the_projects_on_disk() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var listed = Solution(output).Descendants("Project").Select(project => project.Attribute("Path")!.Value).ToList();
            return listed.Except(Projects(output)).Select(path => $"the solution lists {path}, which is not there")
                .Concat(Projects(output).Except(listed).Select(path => $"the solution does not list {path}"));
        }));

    [Fact]
    public void Solution_lists_only_files_on_disk() =>
        Findings.AssertNone(all.InEachOutput(output =>
            from file in Solution(output).Descendants("File")
            let path = file.Attribute("Path")!.Value
            where !output.Files.ContainsKey(path)
            select $"the solution lists {path}, which is not there"));

    [Fact]
    public void Project_references_resolve() =>
        Findings.AssertNone(all.InEachOutput(output =>
            from project in Projects(output)
            from include in Includes(output, project, "ProjectReference")
            where !output.Files.ContainsKey(Resolve(project, include))
            select $"{project} refers to {include}"));

    [Fact]
    public void Every_project_is_used_by_another_or_runs() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var used = Projects(output).SelectMany(project => Includes(output, project, "ProjectReference").Select(include => Resolve(project, include))).ToHashSet();
            return Projects(output).Where(project => !used.Contains(project) && !Runs(output, project)).Select(project => $"nothing uses {project}");
        }));

    [Fact]
    public void Package_references_and_package_versions_match() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var versions = XDocument.Parse(output.Files["Directory.Packages.props"]).Descendants("PackageVersion").Select(Name).ToList();
            var references = Projects(output).SelectMany(project => Includes(output, project, "PackageReference")).ToHashSet();
            return references.Except(versions).Select(name => $"{name} has no version")
                .Concat(versions.Except(references).Select(name => $"no project refers to {name}, so its version is a transitive pin"))
                .Concat(versions.GroupBy(name => name).Where(same => same.Count() > 1).Select(same => $"{same.Key} has two versions"));
        }));

    [Fact]
    public void Transitive_packages_are_not_pinned() =>
        Findings.AssertNone(all.InEachFile((_, text) =>
            text.Contains("CentralPackageTransitivePinningEnabled", StringComparison.Ordinal) ? ["transitive pinning is on, which fails updates with NU1109"] : []));

    [Fact]
    public void Test_projects_are_not_published() =>
        Findings.AssertNone(all.InEachFile((path, text) =>
            path.StartsWith("tests/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal)
                && !text.Contains("<IsPublishable>false</IsPublishable>", StringComparison.Ordinal)
                ? ["'dotnet publish' of the solution publishes it"] : []));

    [Fact]
    public void Launch_configurations_start_existing_projects() =>
        Findings.AssertNone(all.InEachOutput(output =>
            from configuration in JsonNode.Parse(output.Files[".vscode/launch.json"])!["configurations"]!.AsArray()
            let path = ((string)configuration!["projectPath"]!).Replace("${workspaceFolder}/", "", StringComparison.Ordinal)
            where !output.Files.ContainsKey(path)
            select $".vscode/launch.json starts {path}"));

    [Fact]
    public void Editor_tasks_run_existing_projects() =>
        Findings.AssertNone(all.InEachOutput(output =>
            from Match match in Regex.Matches(output.Files[".vscode/tasks.json"], @"""(?<path>src/[^""]+)""")
            let path = match.Groups["path"].Value
            where !Exists(output, path)
            select $".vscode/tasks.json runs {path}"));

    [Fact]
    public void Item_and_property_groups_are_not_empty() =>
        Findings.AssertNone(all.InEachFile((path, text) =>
            path.EndsWith("proj", StringComparison.Ordinal) || path.EndsWith(".props", StringComparison.Ordinal)
                ? XDocument.Parse(text).Descendants().Where(element => element.Name.LocalName is "ItemGroup" or "PropertyGroup" && !element.HasElements)
                    .Select(element => $"empty {element.Name}")
                : []));

    [Fact]
    public void Paths_in_documents_exist() =>
        Findings.AssertNone(all.InEachOutput(output =>
            from document in output.Files
            where document.Key.EndsWith(".md", StringComparison.Ordinal)
            from Match match in Regex.Matches(document.Value, @"(?<![\w/])(src|tests|deploy|docs)/[\w./-]*\w")
            let path = match.Value
            // The first build writes the OpenAPI document.
            where path != "docs/openapi.json" && !Exists(output, path)
            select $"{document.Key} names {path}"));

    [Fact]
    public void Links_in_documents_exist() =>
        Findings.AssertNone(all.InEachOutput(output =>
            new MarkdownFiles(output.Files.Where(file => file.Key.EndsWith(".md", StringComparison.Ordinal)).ToDictionary(), output.Files.Keys, Parse).BrokenLinks()));

    [Fact]
    public void Every_page_is_linked_from_the_readme() =>
        Findings.AssertNone(all.InEachOutput(output =>
            from path in output.Files.Keys
            where path.StartsWith("docs/", StringComparison.Ordinal) && !output.Files["README.md"].Contains($"({path})", StringComparison.Ordinal)
            select $"README.md does not link to {path}"));

    private MarkdownDocument Parse(string text) => documents.GetOrAdd(text, MarkdownDocument.Parse);

    private static bool Exists(Output output, string path) =>
        output.Files.Keys.Any(file => file == path || file.StartsWith(path + '/', StringComparison.Ordinal));

    private static XDocument Solution(Output output) => XDocument.Parse(output.Files["Shop.slnx"]);

    private static IEnumerable<string> Projects(Output output) =>
        output.Files.Keys.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal));

    private static IEnumerable<string> Includes(Output output, string project, string item) =>
        XDocument.Parse(output.Files[project]).Descendants(item).Select(Name);

    private static bool Runs(Output output, string project) =>
        output.Files.ContainsKey(Resolve(project, "Program.cs")) || output.Files.ContainsKey(Resolve(project, "AppHost.cs"))
        || output.Files[project].Contains("<OutputType>Exe</OutputType>", StringComparison.Ordinal);

    private static string Name(XElement element) => element.Attribute("Include")!.Value;

    private static string Resolve(string project, string include) =>
        Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(project)!, include))).Replace('\\', '/');
}
