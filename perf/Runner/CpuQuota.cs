using System.Globalization;

namespace Runner;

/// <summary>
/// Limits the CPU time of one process with a control group, so that several replicas are compared on a few cores. Up to its limit, the
/// process takes precedence over others, so that it has the same CPU time on a busy machine.
/// </summary>
internal sealed class CpuQuota : IDisposable
{
    private const int Period = 10_000;

    private readonly string folder;
    private readonly bool isUnified;

    private CpuQuota(string folder, bool isUnified) => (this.folder, this.isUnified) = (folder, isUnified);

    /// <exception cref="InvalidOperationException">Control groups cannot be created on this machine.</exception>
    public static CpuQuota Create(int processId)
    {
        var isUnified = File.Exists("/sys/fs/cgroup/cgroup.controllers");
        var folder = Path.Combine(isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", $"perf-{processId}");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "cgroup.procs"), processId.ToString(CultureInfo.InvariantCulture));
            File.WriteAllText(Path.Combine(folder, isUnified ? "cpu.weight" : "cpu.shares"), isUnified ? "10000" : "262144");
            return new CpuQuota(folder, isUnified);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The benchmark limits CPU time with control groups, which needs root: {exception.Message}", exception);
        }
    }

    /// <param name="share">The share of a core, or null for no limit.</param>
    public void Limit(double? share)
    {
        var quota = (share * Period)?.ToString("0", CultureInfo.InvariantCulture);
        if (isUnified)
        {
            File.WriteAllText(Path.Combine(folder, "cpu.max"), $"{quota ?? "max"} {Period}");
            return;
        }

        File.WriteAllText(Path.Combine(folder, "cpu.cfs_period_us"), Period.ToString(CultureInfo.InvariantCulture));
        File.WriteAllText(Path.Combine(folder, "cpu.cfs_quota_us"), quota ?? "-1");
    }

    /// <summary>Removes the group, after its process has exited.</summary>
    public void Dispose() => Directory.Delete(folder);
}
