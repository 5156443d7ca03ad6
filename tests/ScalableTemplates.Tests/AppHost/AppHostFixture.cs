using System.Collections.Concurrent;
using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>Shared by the AppHost tests: a container engine, a home folder, the Aspire CLI and built solutions.</summary>
public sealed class AppHostFixture : IAsyncLifetime
{
    private const string CliVersion = "13.6.5";

    // The ports of the AppHost, its dashboard and the services in launchSettings.json.
    private static readonly string[] PortsOfASolution = ["5", "6", "7", "15", "17", "19", "20", "21", "22"];

    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> solutions = new();
    private readonly Lazy<Task<string>> cli = new(InstallCliAsync);

    internal ContainerEngine Engine { get; } = new();

    /// <summary>The home folder of these runs, which isolates certificates, secrets and settings from those of the user.</summary>
    internal string Home { get; } = CreateHome();

    public Task InitializeAsync() => Engine.InitializeAsync();

    /// <summary>Creates a run, without starting it, of a solution that is generated and built once.</summary>
    /// <param name="options">The options of the solution.</param>
    /// <param name="change">An edit of AppHost.cs.</param>
    internal async Task<AppHostRun> CreateRunAsync(TemplateOptions options, Func<string, string>? change = null)
    {
        var solution = await solutions.GetOrAdd(options.ToString(), _ => new(() => BuildAsync(options, change))).Value;
        return new AppHostRun(solution, this);
    }

    internal async Task<string> GetCliAsync() => Path.Combine(await cli.Value, "aspire");

    /// <summary>Creates a home folder without certificates and secrets.</summary>
    internal static string CreateHome()
    {
        var home = TempFolder.Create("home");
        var feeds = Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "NuGet", "NuGet.Config");
        if (File.Exists(feeds))
        {
            var copy = Path.Combine(home, ".nuget", "NuGet", "NuGet.Config");
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(feeds, copy);
        }

        return home;
    }

    public Task DisposeAsync() => Engine.DisposeAsync();

    private static async Task<string> BuildAsync(TemplateOptions options, Func<string, string>? change)
    {
        var folder = await Scaffold.CreateAsync(options, portSuffix: FindPortSuffix());
        if (change is not null)
        {
            var appHost = Path.Combine(folder, "src", "AppHost", "AppHost.cs");
            await File.WriteAllTextAsync(appHost, change(await File.ReadAllTextAsync(appHost)));
        }

        (await Command.DotnetAsync(folder, "build", "-warnaserror", "-p:RunAnalyzers=false")).EnsureSuccess();
        return folder;
    }

    private static async Task<string> InstallCliAsync()
    {
        var folder = TempFolder.Create("aspire");
        (await Command.DotnetAsync(folder, "tool", "install", "Aspire.Cli", "--version", CliVersion, "--tool-path", folder)).EnsureSuccess();
        return folder;
    }

    private static int FindPortSuffix() => Enumerable.Range(100, 900)
        .OrderBy(_ => Random.Shared.Next())
        .First(suffix => PortsOfASolution.All(prefix => FreePort.IsFree(int.Parse($"{prefix}{suffix}", CultureInfo.InvariantCulture))));
}

[CollectionDefinition("AppHost")]
public sealed class AppHosts : ICollectionFixture<AppHostFixture>;
