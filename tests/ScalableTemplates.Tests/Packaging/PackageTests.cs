using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Packaging;

public sealed partial class PackageTests
{
    [Fact]
    public async Task Package_and_folder_generate_the_same_output()
    {
        foreach (var options in new[] { TemplateOptions.Services, TemplateOptions.Single, TemplateOptions.Services.With(Dimension.Orchestrator, "compose") })
        {
            var fromPackage = FileTree.Read(await Scaffold.CreateAsync(Hive.FromPackageAsync(), options)).Scrub();
            var fromFolder = FileTree.Read(await Scaffold.CreateAsync(Hive.FromFolderAsync(), options)).Scrub();

            Assert.Equal(fromFolder.Files, fromPackage.Files);
        }
    }

    [SkippableFact]
    public async Task Package_holds_exactly_the_files_under_version_control()
    {
        var listed = await Command.RunAsync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "templates"], Repo.Root, TimeSpan.FromMinutes(1));
        Skip.If(listed.ExitCode != 0, "This is not a checkout, so there is nothing to compare the package with.");
        var expected = listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(path => path != "templates/playground" && File.Exists(Path.Combine(Repo.Root, path)));

        await using var package = await ZipFile.OpenReadAsync((await TemplatePackage.GetAsync()).File);
        var packed = package.Entries.Select(entry => Uri.UnescapeDataString(entry.FullName))
            .Where(path => path.StartsWith("content/", StringComparison.Ordinal))
            .Select(path => path["content/".Length..]);

        Assert.Equal(expected.Order(StringComparer.Ordinal), packed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Packing_produces_no_warnings() =>
        Assert.DoesNotContain("warning", (await TemplatePackage.GetAsync()).Log, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public async Task Package_metadata_is_complete()
    {
        await using var package = await ZipFile.OpenReadAsync((await TemplatePackage.GetAsync()).File);
        await using var stream = await package.GetEntry("ScalableTemplates.nuspec")!.OpenAsync();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        var ns = metadata.Name.Namespace;

        Assert.Equal("Template", metadata.Descendants(ns + "packageType").Single().Attribute("name")!.Value);
        Assert.Equal("MIT", metadata.Element(ns + "license")!.Value);
        Assert.Empty(metadata.Elements(ns + "dependencies"));
        foreach (var name in new[] { "id", "version", "authors", "description", "tags", "projectUrl", "repository" })
        {
            Assert.NotNull(metadata.Element(ns + name));
        }

        foreach (var file in new[] { "icon", "readme" })
        {
            Assert.NotNull(package.GetEntry(metadata.Element(ns + file)!.Value));
        }
    }

    [Fact]
    public async Task Readme_links_work_on_the_package_page()
    {
        await using var package = await ZipFile.OpenReadAsync((await TemplatePackage.GetAsync()).File);
        using var reader = new StreamReader(await package.GetEntry("README.md")!.OpenAsync());
        var links = Link().Matches(await reader.ReadToEndAsync()).Select(match => match.Groups["target"].Value).ToList();

        Assert.NotEmpty(links);
        Findings.AssertNone(links.Where(link => !link.StartsWith("https://", StringComparison.Ordinal)).Select(link => $"{link} is relative"));
        Findings.AssertNone(
            from link in links
            let path = OwnFile().Match(link).Groups["path"]
            where path.Success && !Path.Exists(Path.Combine(Repo.Root, path.Value))
            select $"{link} does not exist");
    }

    [Fact]
    public async Task Pack_in_the_root_packs_only_the_templates()
    {
        var projects = Regex.Matches(await File.ReadAllTextAsync(Path.Combine(Repo.Root, "ScalableTemplates.sln")), "\"(?<path>[^\"]+\\.csproj)\"")
            .Select(match => match.Groups["path"].Value.Replace('\\', '/'))
            .ToList();
        var packable = new List<string>();
        foreach (var project in projects)
        {
            var result = await Command.DotnetAsync(Repo.Root, "msbuild", project, "-getProperty:IsPackable", "-getProperty:PackageId");
            if (JsonDocument.Parse(result.EnsureSuccess().Output).RootElement.GetProperty("Properties").GetProperty("IsPackable").GetString() == "true")
            {
                packable.Add(project);
            }
        }

        Assert.Equal(["ScalableTemplates.csproj"], packable);
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)|^\[[^\]]+\]:\s*(?<target>\S+)|(src|href)=""(?<target>[^""]+)""", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex("^https://(github|raw\\.githubusercontent)\\.com/ScalableTemplates/ScalableTemplates/((blob|tree|raw)/)?main/(?<path>.+)$")]
    private static partial Regex OwnFile();
}
