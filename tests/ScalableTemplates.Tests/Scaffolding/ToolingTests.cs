using System.Formats.Tar;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using ScalableTemplates.Tests.Images;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Scaffolding;

/// <summary>Common tasks of developers and build servers succeed on a new solution, even below a folder with different settings.</summary>
[Collection(nameof(NestedSolution))]
public sealed class ToolingTests(NestedSolution nested)
{
    private static readonly string Rid = $"linux-{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64")}";

    [Fact]
    public void Settings_and_feeds_of_a_parent_folder_have_no_effect()
    {
        Assert.Equal(0, nested.Created.ExitCode);
        Assert.DoesNotContain("failed", nested.Created.Everything, StringComparison.OrdinalIgnoreCase);
        nested.Built.EnsureSuccess();
        Assert.Contains("0 Warning(s)", nested.Built.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restored_solution_publishes_without_another_restore()
    {
        (await nested.DotnetAsync("publish", "--no-restore")).EnsureSuccess();
        (await nested.DotnetAsync("publish", "src/Api", "--no-restore", "--runtime", Rid)).EnsureSuccess();

        var published = Path.Combine(nested.Folder, "src", "Api", "bin", "Release", "net10.0", Rid, "publish");
        Assert.True(IsPrecompiled(Path.Combine(published, "Acme.Api.dll")));
        Assert.True(IsPrecompiled(Path.Combine(published, "Acme.Shared.dll")));
    }

    [Fact]
    public async Task Image_is_published_to_an_archive()
    {
        await using var registry = new ImageRegistry();
        var archive = Path.Combine(TempFolder.Create("image"), "api.tar");

        (await nested.DotnetAsync("publish", "src/Api", "--no-restore", "--os", "linux", "-t:PublishContainer",
            $"-p:ContainerBaseImage={registry.AspNetImage}", $"-p:ContainerArchiveOutputPath={archive}")).EnsureSuccess();

        Assert.Equal(["acme-api:latest"], await TagsAsync(archive));
    }

    [Fact]
    public async Task Code_is_formatted() =>
        (await nested.DotnetAsync("format", "--no-restore", "--verify-no-changes")).EnsureSuccess();

    [Fact]
    public async Task Creating_a_development_token_leaves_the_working_tree_clean()
    {
        await CreateTokenAsync(nested.Folder);

        Assert.Equal("", await nested.ChangesAsync());
    }

    [Fact]
    public async Task Creating_a_development_token_changes_no_file_of_the_services_stage()
    {
        var solution = await Scaffold.CreateAsync(TemplateOptions.Services);
        var before = FileTree.Read(solution);

        await CreateTokenAsync(solution);

        Assert.Equal(before.Files, FileTree.Read(solution).Files);
    }

    [Fact]
    public async Task Added_migration_builds()
    {
        (await nested.DotnetAsync("tool", "restore")).EnsureSuccess();
        (await nested.DotnetAsync("ef", "migrations", "add", "AddNothing", "--no-build", "--project", "src/Shared", "--output-dir", "Data/Migrations")).EnsureSuccess();

        Assert.Contains("_AddNothing.Designer.cs", await nested.ChangesAsync(), StringComparison.Ordinal);
        (await nested.DotnetAsync("build", "src/Shared", "--no-restore", "-warnaserror")).EnsureSuccess();
        await nested.UndoAsync();
    }

    [Fact]
    public async Task Files_written_at_run_time_are_neither_watched_nor_committed()
    {
        var api = Path.Combine(nested.Folder, "src", "Api");
        var pickup = Directory.CreateDirectory(Path.Combine(api, "pickup")).FullName;
        string[] written = [Path.Combine(api, "app.db"), Path.Combine(api, "app.db-wal"), Path.Combine(api, "app.db-shm"), Path.Combine(pickup, "1.eml")];
        foreach (var file in written)
        {
            await File.WriteAllTextAsync(file, "");
        }

        var items = (await nested.DotnetAsync("msbuild", "src/Api", "-getItem:None,Content,EmbeddedResource")).EnsureSuccess().Output;

        Assert.Contains("Api.http", items, StringComparison.Ordinal);
        Assert.DoesNotContain("app.db", items, StringComparison.Ordinal);
        Assert.DoesNotContain(".eml", items, StringComparison.Ordinal);
        Assert.Equal("", await nested.ChangesAsync());
    }

    private static async Task CreateTokenAsync(string solution)
    {
        // A separate home folder for the signing key, with the existing package cache.
        var home = TempFolder.Create("home");
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var environment = new Dictionary<string, string> { ["HOME"] = home, ["APPDATA"] = home, ["DOTNET_CLI_HOME"] = home, ["NUGET_PACKAGES"] = packages };
        var result = await Command.RunAsync("dotnet", ["user-jwts", "create", "--project", "src/Api", "--output", "token"], solution, TimeSpan.FromMinutes(5), environment);
        Assert.StartsWith("eyJ", result.EnsureSuccess().Output, StringComparison.Ordinal);
    }

    private static bool IsPrecompiled(string assembly)
    {
        using var reader = new PEReader(File.OpenRead(assembly));
        return reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }

    private static async Task<string[]> TagsAsync(string archive)
    {
        await using var stream = File.OpenRead(archive);
        await using var tar = new TarReader(stream);
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            if (entry.Name == "manifest.json")
            {
                using var manifest = await JsonDocument.ParseAsync(entry.DataStream!);
                return [.. manifest.RootElement[0].GetProperty("RepoTags").EnumerateArray().Select(tag => tag.GetString()!)];
            }
        }

        return [];
    }
}
