using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Images;

/// <summary>
/// Runs an image as a container runtime does that is told to restrict it: with a read-only root file system of which only /tmp is writable,
/// as the user of the image, without capabilities, with the variables of the image, and with a memory limit.
/// </summary>
internal sealed class Container : IAsyncDisposable
{
    /// <summary>The memory limit in MiB, including <see cref="TemporarySpace"/>.</summary>
    public const int Memory = 256;

    /// <summary>The size of /tmp in MiB.</summary>
    public const int TemporarySpace = 64;

    // The runtime and libraries of this machine, instead of those of the base image. There are neither programs nor time zones.
    private const string Script = """
        root=$1 dotnet=$2 temporary=$3 processes=$4
        shift 4
        [ -z "$processes" ] || echo $$ > "$processes"
        mount --bind "$root" "$root"
        mount --bind -o ro "$dotnet" "$root/usr/share/dotnet"
        for folder in /lib /lib64 /usr/lib /usr/lib64 /etc/ssl; do
            [ ! -d $folder ] || { mkdir -p "$root$folder"; mount --bind -o ro $folder "$root$folder"; }
        done
        mount --bind /dev "$root/dev"
        mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o "size=$temporary,mode=1777,noexec,nosuid,nodev" tmpfs "$root/tmp"
        mount -o remount,bind,ro "$root"
        exec env -i "$@"
        """;

    private readonly string folder;
    private readonly Daemon process;
    private readonly MemoryLimit? limit;

    private Container(string folder, Daemon process, MemoryLimit? limit) => (this.folder, this.process, this.limit) = (folder, process, limit);

    /// <summary>The reason to skip tests that need containers; null if this machine can run them.</summary>
    public static string? Missing { get; } =
        Environment.IsPrivilegedProcess && Programs.FindFolder("unshare") is not null && Programs.FindFolder("setpriv") is not null
            ? null
            : "Not installed: util-linux for the root user, with which the tests run images without a container runtime";

    public Daemon Process => process;

    /// <summary>Whether exceeding the limit would kill the process, as in a container.</summary>
    public bool IsLimited => limit is not null;

    /// <summary>The resident memory in MiB, without pages of files, which the kernel can reclaim.</summary>
    public int PrivateMemory => int.Parse(Status("RssAnon"), CultureInfo.InvariantCulture) / 1024;

    /// <summary>The real, effective and saved user, and the file system user.</summary>
    public string Users => Status("Uid");

    public string Capabilities => Status("CapEff");

    /// <summary>The names of files in /tmp.</summary>
    public string[] TemporaryFiles => [.. Directory.GetFiles($"/proc/{process.Id}/root/tmp").Select(file => Path.GetFileName(file))];

    public static async Task<Container> StartAsync(Image image, IReadOnlyDictionary<string, string> settings)
    {
        var folder = TempFolder.Create("container");
        await image.ExtractAsync(folder);
        foreach (var name in new[] { "usr/share/dotnet", "usr/bin", "dev", "proc", "sys/fs/cgroup", "tmp", "home/app", "etc" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        File.CreateSymbolicLink(Path.Combine(folder, "usr/bin/dotnet"), "/usr/share/dotnet/dotnet");
        await File.WriteAllTextAsync(Path.Combine(folder, "etc/passwd"), $"app:x:{image.User}:{image.User}::/home/app:/bin/false\n");
        var limit = MemoryLimit.TryCreate(Memory << 20);
        // Without control groups, the runtime is told the limit.
        string[] variables = limit is null ? [$"DOTNET_GCTotalPhysicalMemory={Memory << 20:x}"] : [];
        var dotnet = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var process = Daemon.Start(
            "unshare",
            ["--mount", "--propagation", "private", "sh", "-e", "-c", Script, "sh", folder, dotnet, $"{TemporarySpace}m", limit?.Processes ?? "",
                "HOME=/home/app", .. image.Variables, .. variables, .. settings.Select(setting => $"{setting.Key}={setting.Value}"),
                "setpriv", "--no-new-privs", "unshare", $"--root={folder}", $"--wd={image.WorkingFolder}", $"--setgid={image.User}", $"--setuid={image.User}", .. image.Command],
            folder,
            Path.Combine(TempFolder.Create("logs"), "container"));
        return new Container(folder, process, limit);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        limit?.Dispose();
        TempFolder.Delete(folder);
    }

    private string Status(string name) =>
        File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim();
}
