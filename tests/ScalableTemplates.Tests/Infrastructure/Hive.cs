namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>A private template hive, so that tests neither change nor depend on the templates of the user.</summary>
internal sealed class Hive
{
    private static readonly Lazy<Task<Hive>> Package = new(async () => await InstallAsync((await TemplatePackage.GetAsync()).File));

    private static readonly Lazy<Task<Hive>> Folder = new(() => InstallAsync(Repo.Template));

    private Hive(string path) => Path = path;

    public string Path { get; }

    /// <summary>The templates installed from the package, as by users.</summary>
    public static Task<Hive> FromPackageAsync() => Package.Value;

    /// <summary>The templates installed from the folder, as by contributors.</summary>
    public static Task<Hive> FromFolderAsync() => Folder.Value;

    public Task<CommandResult> NewAsync(string workingFolder, params string[] arguments)
    {
        if (!Directory.Exists(Path))
        {
            throw new InvalidOperationException("No private hive: refusing to use the templates of the user.");
        }

        return Command.DotnetAsync(workingFolder, ["new", .. arguments, "--debug:custom-hive", Path]);
    }

    private static async Task<Hive> InstallAsync(string source)
    {
        var hive = new Hive(TempFolder.Create("hive"));
        var result = await hive.NewAsync(Repo.Root, "install", source);
        result.EnsureSuccess();
        if (result.Error.Length > 0 || !result.Output.Contains("scalable-backend", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The template was not installed from {source}: {result.Everything}");
        }

        return hive;
    }
}
