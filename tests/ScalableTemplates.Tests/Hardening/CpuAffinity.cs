using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>The CPU affinity of processes, so that one can be measured as if it ran on a separate machine.</summary>
internal static class CpuAffinity
{
    // The CPUs that this process is allowed to use, which may be any subset in a container.
    private static readonly string[] Allowed = FindAllowed();

    public static string All => string.Join(',', Allowed);

    public static string Last => Allowed[^1];

    public static string AllButLast => string.Join(',', Allowed[..^1]);

    /// <summary>Whether there are enough CPUs to reserve one for a process.</summary>
    public static bool CanReserveOne => Allowed.Length > 1;

    /// <summary>Sets the affinity of all threads of the process and of its future child processes. Does nothing where that is not supported.</summary>
    public static async Task SetAsync(string cpus, int process)
    {
        if (CanReserveOne)
        {
            (await Command.RunAsync(
                "taskset",
                ["--all-tasks", "--cpu-list", "--pid", cpus, process.ToString(CultureInfo.InvariantCulture)],
                Path.GetTempPath(),
                TimeSpan.FromSeconds(30))).EnsureSuccess();
        }
    }

    private static string[] FindAllowed()
    {
        const string Status = "/proc/self/status";
        const string Name = "Cpus_allowed_list:";
        if (!File.Exists(Status) || Programs.FindFolder("taskset") is null)
        {
            // The list must not be empty.
            return ["0"];
        }

        var ranges = File.ReadLines(Status).First(line => line.StartsWith(Name, StringComparison.Ordinal))[Name.Length..].Split(',');
        return [.. ranges.Select(range => range.Split('-').Select(int.Parse).ToArray())
            .SelectMany(range => Enumerable.Range(range[0], range[^1] - range[0] + 1))
            .Select(number => number.ToString(CultureInfo.InvariantCulture))];
    }
}
