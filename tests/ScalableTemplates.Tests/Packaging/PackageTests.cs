using System.IO.Compression;
using System.Xml.Linq;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Packaging;

public sealed class PackageTests
{
    [Fact]
    public async Task Package_and_folder_give_the_same_output()
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
            .Where(path => path != "templates/Directory.Build.targets" && File.Exists(Path.Combine(Repo.Root, path)));

        await using var package = await ZipFile.OpenReadAsync((await TemplatePackage.GetAsync()).File);
        var packed = package.Entries.Select(entry => Uri.UnescapeDataString(entry.FullName))
            .Where(path => path.StartsWith("content/", StringComparison.Ordinal))
            .Select(path => path["content/".Length..]);

        Assert.Equal(expected.Order(StringComparer.Ordinal), packed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Packing_gives_no_warning() =>
        Assert.DoesNotContain("warning", (await TemplatePackage.GetAsync()).Log, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public async Task Package_says_what_it_is()
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
}
