using Npgsql;
using Runner.Contenders;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>A published API that runs in the Production environment.</summary>
/// <param name="assembly">The assembly to start.</param>
/// <param name="connectionStrings">Connection strings of the servers; the database holds the sample data.</param>
/// <param name="settings">Additional environment variables.</param>
internal sealed class ApiContender(
    string name, string assembly, IReadOnlyDictionary<string, string> connectionStrings, IReadOnlyDictionary<string, string> settings)
{
    // The pool size that the generated API derives from max_connections and the number of processes.
    private const int PoolSize = 22;

    private static readonly Lazy<Task<IReadOnlyDictionary<string, string>>> Generated = new(PublishSampleAsync);

    public string Name => name;

    public NpgsqlDataSource Database { get; } = NpgsqlDataSource.Create(connectionStrings["database"]);

    public ApiProcess Start(ControlGroup? group = null) => ApiProcess.Start(
        assembly,
        new Dictionary<string, string>(settings)
        {
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ConnectionStrings__database"] = connectionStrings["database"] + (name == "generated" ? "" : $";Maximum Pool Size={PoolSize};Max Auto Prepare=20"),
            ["ConnectionStrings__cache"] = connectionStrings["cache"],
            ["ConnectionStrings__broker"] = connectionStrings["broker"],
        },
        group);

    /// <param name="project">The name of a folder in perf.</param>
    public static async Task<string> PublishAsync(string project) =>
        Path.Combine(await Command.PublishAsync(Path.Combine(Repo.Root, "perf", project)), $"{project}.dll");

    /// <returns>The assemblies of the generated projects by name.</returns>
    public static Task<IReadOnlyDictionary<string, string>> PublishGeneratedAsync() => Generated.Value;

    private static async Task<IReadOnlyDictionary<string, string>> PublishSampleAsync()
    {
        var folder = Path.Combine(TempFolder.Create("api"), "Shop");
        await Template.GenerateAsync(folder, "Shop", "--auth", "jwt", "--gateway", "yarp");
        var published = new Dictionary<string, string>();
        foreach (var project in new[] { "Api", "Gateway", "Migrator" })
        {
            published[project] = Path.Combine(await Command.PublishAsync(Path.Combine(folder, "src", project)), $"Shop.{project}.dll");
        }

        return published;
    }
}
