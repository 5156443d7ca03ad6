using System.Globalization;

namespace Runner;

/// <summary>
/// Limits the CPU time and the memory of one process with control groups, so that several replicas are compared on a few cores. Up to its
/// limit, the process takes precedence over others, so that it has the same CPU time on a busy machine.
/// </summary>
internal sealed class ControlGroup : IDisposable
{
    private const int Period = 20_000;

    private readonly string name = $"perf-{Guid.NewGuid():N}";
    private readonly bool isUnified = File.Exists("/sys/fs/cgroup/cgroup.controllers");
    private readonly List<string> folders = [];

    private ControlGroup()
    {
    }

    /// <summary>The files to which a process is added.</summary>
    public IEnumerable<string> Processes => folders.Select(folder => Path.Combine(folder, "cgroup.procs"));

    /// <param name="memory">The memory limit in bytes, or null for no limit.</param>
    /// <exception cref="InvalidOperationException">Control groups cannot be created on this machine.</exception>
    public static ControlGroup Create(long? memory = null)
    {
        var group = new ControlGroup();
        try
        {
            group.Write("cpu", group.isUnified ? "cpu.weight" : "cpu.shares", group.isUnified ? "10000" : "262144");
            if (memory is not null)
            {
                group.Write("memory", group.isUnified ? "memory.max" : "memory.limit_in_bytes", Text(memory.Value));
            }

            return group;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The benchmark limits CPU time and memory with control groups, which needs root: {exception.Message}", exception);
        }
    }

    public void Add(int processId)
    {
        foreach (var file in Processes)
        {
            File.WriteAllText(file, Text(processId));
        }
    }

    /// <param name="share">The share of a core, or null for no limit.</param>
    public void LimitCpu(double? share)
    {
        var quota = share is null ? null : Text((long)(share * Period));
        if (isUnified)
        {
            Write("cpu", "cpu.max", $"{quota ?? "max"} {Period}");
            return;
        }

        Write("cpu", "cpu.cfs_period_us", Text(Period));
        Write("cpu", "cpu.cfs_quota_us", quota ?? "-1");
    }

    /// <summary>Removes the group, after its process has exited.</summary>
    public void Dispose() => folders.ForEach(Directory.Delete);

    // Version 1 has a hierarchy for each controller.
    private void Write(string controller, string file, string value)
    {
        var folder = Path.Combine(isUnified ? "/sys/fs/cgroup" : $"/sys/fs/cgroup/{controller}", name);
        if (!folders.Contains(folder))
        {
            Directory.CreateDirectory(folder);
            folders.Add(folder);
        }

        File.WriteAllText(Path.Combine(folder, file), value);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
