using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The Docker daemon of this machine, or else one started for this run with stand-ins for the images (tests/stand-ins).</summary>
public sealed class ContainerEngine : IAsyncLifetime
{
    private static readonly string[] StandInPrograms = ["dockerd", "debootstrap"];

    private string? daemonFolder;

    /// <summary>The reason to skip tests that need containers; null if containers are available.</summary>
    internal string? Missing { get; private set; }

    /// <summary>A description of the images.</summary>
    internal string Images { get; private set; } = "official images";

    /// <summary>The environment variables for clients of the daemon.</summary>
    internal Dictionary<string, string> Environment { get; } = [];

    public async Task InitializeAsync()
    {
        if (await FindApiVersionAsync() is not null)
        {
            return;
        }

        var missing = StandInPrograms.Where(program => Programs.FindFolder(program, "/usr/sbin") is null).ToList();
        if (!System.Environment.IsPrivilegedProcess || missing.Count > 0)
        {
            Missing = "Not installed: Docker, or for stand-ins of its images, on Debian and as root: apt-get install docker.io iptables debootstrap";
            return;
        }

        daemonFolder = TempFolder.Create("docker");
        // Building the root file system of the stand-ins takes minutes, once per machine.
        var start = Path.Combine(Repo.Root, "tests", "stand-ins", "start");
        (await Command.RunAsync("bash", [start, daemonFolder], daemonFolder, TimeSpan.FromMinutes(30))).EnsureSuccess();
        Images = "stand-ins";
        Environment["DOCKER_HOST"] = $"unix://{daemonFolder}/docker.sock";
        // The clients are newer than the daemon, and there is no stand-in for the image of Testcontainers' Ryuk.
        Environment["DOCKER_API_VERSION"] = (await FindApiVersionAsync())!;
        Environment["TESTCONTAINERS_RYUK_DISABLED"] = "true";
    }

    internal async Task<string> DockerAsync(params string[] arguments) =>
        (await Command.RunAsync("docker", arguments, Repo.Root, TimeSpan.FromMinutes(2), Environment)).EnsureSuccess().Output.Trim();

    public async Task DisposeAsync()
    {
        if (daemonFolder is not null)
        {
            var daemon = int.Parse(await File.ReadAllTextAsync(Path.Combine(daemonFolder, "docker.pid")), CultureInfo.InvariantCulture);
            await Command.RunAsync("kill", [daemon.ToString(CultureInfo.InvariantCulture)], daemonFolder, TimeSpan.FromMinutes(1));
            while (Directory.Exists($"/proc/{daemon}"))
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task<string?> FindApiVersionAsync()
    {
        if (Programs.FindFolder("docker") is null)
        {
            return null;
        }

        var result = await Command.RunAsync("docker", ["version", "--format", "{{.Server.APIVersion}}"], Repo.Root, TimeSpan.FromMinutes(1), Environment);
        return result.ExitCode == 0 ? result.Output.Trim() : null;
    }
}
