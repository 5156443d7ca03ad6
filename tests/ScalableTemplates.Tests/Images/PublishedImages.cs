using System.Runtime.InteropServices;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Images;

/// <summary>The images of all services of a solution, pushed to a registry.</summary>
public sealed class PublishedImages : IAsyncLifetime
{
    /// <summary>The services that have an image.</summary>
    internal static readonly string[] Services = ["Api", "Gateway", "Migrator", "Worker"];

    /// <summary>The service that is published for both platforms.</summary>
    internal const string ForBothPlatforms = "Gateway";

    /// <summary>The service that is written into an archive for both platforms and pushed by skopeo, if it is installed.</summary>
    internal const string Archived = "Migrator";

    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Gateway, "yarp");

    private readonly ImageRegistry registry = new();

    /// <summary>The folder of the solution.</summary>
    internal string Solution { get; private set; } = "";

    /// <summary>The platform of this machine.</summary>
    internal static string Platform { get; } = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";

    public async Task InitializeAsync()
    {
        Solution = await Scaffold.CreateAsync(Options);
        await AddSourceControlAsync();
        foreach (var service in Services.Where(service => service != Archived || MissingSkopeo is not null))
        {
            // ReadyToRun takes most of the time, so only the smallest service is compiled with it, for both platforms.
            string[] platforms = service == ForBothPlatforms ? [] : ["--os", "linux", "-p:PublishReadyToRun=false"];
            (await Command.DotnetAsync(Solution, ["publish", $"src/{service}", .. platforms, "-t:PublishContainer", "-p:RunAnalyzers=false",
                $"-p:ContainerBaseImage={registry.AspNetImage}", $"-p:ContainerRegistry={registry.Host}"])).EnsureSuccess();
        }

        if (MissingSkopeo is null)
        {
            await PushArchiveAsync();
        }
    }

    public async Task DisposeAsync() => await registry.DisposeAsync();

    /// <summary>The reason to skip the test of an archive; null if skopeo is installed.</summary>
    internal static string? MissingSkopeo { get; } = Programs.FindFolder("skopeo") is null ? "Not installed: skopeo" : null;

    /// <returns>The images of a service by platform.</returns>
    internal IReadOnlyDictionary<string, Image> this[string service] => registry.GetImages($"shop-{service.ToLowerInvariant()}", "latest");

    /// <summary>The image of a service for this machine.</summary>
    internal Image Get(string service) => this[service][$"linux/{(Platform == "x64" ? "amd64" : Platform)}"];

    private async Task PushArchiveAsync()
    {
        var archive = Path.Combine(TempFolder.Create("archive"), $"{Archived}.tar");
        (await Command.DotnetAsync(Solution, "publish", $"src/{Archived}", "-t:PublishContainer", "-p:RunAnalyzers=false", "-p:PublishReadyToRun=false",
            $"-p:ContainerBaseImage={registry.AspNetImage}", "-p:ContainerRegistry=ghcr.io", $"-p:ContainerArchiveOutputPath={archive}")).EnsureSuccess();
        string[] copy = ["copy", "--all", "--dest-tls-verify=false", $"oci-archive:{archive}", $"docker://{registry.Host}/shop-{Archived.ToLowerInvariant()}:latest"];
        (await Command.RunAsync("skopeo", copy, Solution, TimeSpan.FromMinutes(5))).EnsureSuccess();
    }

    private async Task AddSourceControlAsync()
    {
        string[][] commands =
        [
            ["init", "--quiet"], ["add", "--all"],
            ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "Start"],
            ["remote", "add", "origin", "https://git.example.com/shop.git"],
        ];
        foreach (var command in commands)
        {
            (await Command.RunAsync("git", command, Solution, TimeSpan.FromMinutes(1))).EnsureSuccess();
        }
    }
}

[CollectionDefinition("Images")]
public sealed class ImageTestServers : ICollectionFixture<PublishedImages>, ICollectionFixture<ServersFixture>;
