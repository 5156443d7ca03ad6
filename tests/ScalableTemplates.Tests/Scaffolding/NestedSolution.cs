using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Scaffolding;

[CollectionDefinition(nameof(NestedSolution))]
public sealed class SharedNestedSolution : ICollectionFixture<NestedSolution>;

/// <summary>
/// A solution that is restored and built below a folder with different settings, a second package feed and a git repository. Its name
/// sorts before those of all packages, which affects the order of 'using' directives.
/// </summary>
public sealed class NestedSolution : IAsyncLifetime
{
    // Any build that imports this file fails.
    private const string Broken = """<Project><Import Project="that-does-not-exist.props" /></Project>""";

    private readonly StaticWebServer feed = new();

    internal string Folder { get; private set; } = "";

    internal CommandResult Created { get; private set; } = null!;

    internal CommandResult Built { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var parent = Directory.CreateDirectory(Path.Combine(TempFolder.Create("nested"), "Straße 1 & Söhne")).FullName;
        // 'dotnet tool restore' fails without the second resource.
        feed.Add("/index.json", "application/json", $$"""
            {"version":"3.0.0","resources":[
              {"@id":"{{feed.Address}}/flat/","@type":"PackageBaseAddress/3.0.0"},
              {"@id":"{{feed.Address}}/registration/","@type":"RegistrationsBaseUrl/3.6.0"}]}
            """);
        foreach (var (file, text) in Settings(feed.Address))
        {
            await File.WriteAllTextAsync(Path.Combine(parent, file), text);
        }

        Folder = Path.Combine(parent, "Acme");
        var hive = await Hive.FromPackageAsync();
        Created = await hive.NewAsync(Repo.Root, "scalable-backend", "-n", "Acme", "-o", Folder, "--stage", "single", "--no-update-check");
        await GitAsync("init", "--quiet", parent);
        Built = await Command.DotnetAsync(Folder, "build", "--no-restore", "-warnaserror");
        // The build writes docs/openapi.json, which belongs to the first commit.
        await GitAsync("add", "--all");
        await GitAsync("-c", "user.name=Acme", "-c", "user.email=acme@example.com", "commit", "--quiet", "--message", "Start");
    }

    public async Task DisposeAsync() => await feed.DisposeAsync();

    internal Task<CommandResult> DotnetAsync(params string[] arguments) => Command.DotnetAsync(Folder, arguments);

    /// <returns>The files that changed since the solution was built.</returns>
    internal async Task<string> ChangesAsync() => (await GitAsync("status", "--porcelain", "--untracked-files=all", "--", Folder)).Output;

    internal async Task UndoAsync()
    {
        await GitAsync("checkout", "--quiet", "--", Folder);
        await GitAsync("clean", "--quiet", "--force", "-d", "--", Folder);
    }

    private async Task<CommandResult> GitAsync(params string[] arguments) =>
        (await Command.RunAsync("git", arguments, Folder, TimeSpan.FromMinutes(1))).EnsureSuccess();

    private static Dictionary<string, string> Settings(string feed) => new()
    {
        ["Directory.Build.props"] = Broken,
        ["Directory.Build.targets"] = Broken,
        ["Directory.Packages.props"] = Broken,
        ["global.json"] = """{ "sdk": { "version": "99.0.100", "rollForward": "disable" } }""",
        [".editorconfig"] = """
            [*.cs]
            csharp_style_namespace_declarations = block_scoped:error
            indent_style = tab
            """,
        ["nuget.config"] = $"""
            <configuration>
              <packageSources>
                <add key="second" value="{feed}/index.json" allowInsecureConnections="true" />
              </packageSources>
            </configuration>
            """,
    };
}
