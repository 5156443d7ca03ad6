using System.Globalization;

namespace ScalableTemplates.Tests.Images;

/// <summary>A control group with a memory limit, like that of a container.</summary>
internal sealed class MemoryLimit : IDisposable
{
    // Version 2 of control groups, and version 1.
    private static readonly (string Parent, string File)[] Versions = [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")];

    private MemoryLimit(string folder) => Processes = Path.Combine(folder, "cgroup.procs");

    /// <summary>The file to which a process is added.</summary>
    public string Processes { get; }

    /// <returns>Null if this machine does not allow tests to limit memory.</returns>
    public static MemoryLimit? TryCreate(long bytes)
    {
        foreach (var (parent, file) in Versions.Where(version => Directory.Exists(version.Parent)))
        {
            var folder = Path.Combine(parent, $"scalable-templates-{Guid.NewGuid():N}");
            try
            {
                Directory.CreateDirectory(folder);
                if (File.Exists(Path.Combine(folder, file)))
                {
                    File.WriteAllText(Path.Combine(folder, file), bytes.ToString(CultureInfo.InvariantCulture));
                    return new MemoryLimit(folder);
                }

                Directory.Delete(folder);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Read-only, as in most containers, or reserved for another user.
            }
        }

        return null;
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(Processes)!);
}
