using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Scaffolding;

/// <summary>templates/playground, which generates a solution for editing the template.</summary>
public sealed class PlaygroundTests
{
    private const string Edit = "// An edit.\n";

    [Fact]
    public async Task Playground_edits_are_saved_to_their_source_folders()
    {
        var root = await CopyAsync();
        (await PlaygroundAsync(root, "new", "--no-restore", "--cache", "memory")).EnsureSuccess();
        // A file that is copied verbatim, one with several variants, and one with conditions.
        foreach (var file in new[] { "src/Worker/Program.cs", "src/Shared/Caching/CacheExtensions.cs", "src/AppHost/AppHost.cs" })
        {
            await File.AppendAllTextAsync(Path.Combine(root, "playground", file), Edit);
        }

        (await PlaygroundAsync(root, "save")).EnsureSuccess();

        var before = FileTree.Read(Repo.Template).Files;
        var after = FileTree.Read(Path.Combine(root, "templates", "scalable-backend")).Files;
        string[] edited = ["pieces/aspire/src/AppHost/AppHost.cs", "pieces/memory-cache/src/Shared/Caching/CacheExtensions.cs", "pieces/worker/src/Worker/Program.cs"];
        Assert.Equal(edited, after.Keys.Where(path => after[path] != before[path]).Order(StringComparer.Ordinal));
        Assert.All(edited, path => Assert.Equal(before[path] + Edit, after[path]));
    }

    [Fact]
    public async Task Added_files_must_be_saved_manually()
    {
        var root = await CopyAsync();
        (await PlaygroundAsync(root, "new", "--no-restore", "--stage", "single")).EnsureSuccess();
        await File.WriteAllTextAsync(Path.Combine(root, "playground", "src", "Api", "Added.cs"), Edit);

        var result = await PlaygroundAsync(root, "save");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("By hand: src/Api/Added.cs", result.Output, StringComparison.Ordinal);
        Assert.Equal(FileTree.Read(Repo.Template).Files, FileTree.Read(Path.Combine(root, "templates", "scalable-backend")).Files);
    }

    private static async Task<string> CopyAsync()
    {
        var root = TempFolder.Create("playground");
        (await Command.RunAsync("cp", ["-r", Path.Combine(Repo.Root, "templates"), root], root, TimeSpan.FromMinutes(1))).EnsureSuccess();
        return root;
    }

    private static Task<CommandResult> PlaygroundAsync(string root, params string[] arguments) =>
        Command.RunAsync("bash", [Path.Combine(root, "templates", "playground"), .. arguments], root, TimeSpan.FromMinutes(5));
}
