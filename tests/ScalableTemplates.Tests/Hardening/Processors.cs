using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Which processors a process may use; so that one can be measured as if it had a machine of its own.</summary>
internal static class Processors
{
    // Those that this process may use by now: in a container, they may be any.
    private static readonly string[] Allowed = FindAllowed();

    public static string All => string.Join(',', Allowed);

    public static string Last => Allowed[^1];

    public static string AllButLast => string.Join(',', Allowed[..^1]);

    /// <summary>Whether a process can get one for itself.</summary>
    public static bool CanBeGiven => Allowed.Length > 1;

    /// <summary>Counts for all threads of the process, and for the processes that it starts from now on. Where that cannot be, nothing changes.</summary>
    public static async Task GiveAsync(string processors, int process)
    {
        if (CanBeGiven)
        {
            (await Command.RunAsync(
                "taskset",
                ["--all-tasks", "--cpu-list", "--pid", processors, process.ToString(CultureInfo.InvariantCulture)],
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
            // Something has to be the last one.
            return ["0"];
        }

        var ranges = File.ReadLines(Status).First(line => line.StartsWith(Name, StringComparison.Ordinal))[Name.Length..].Split(',');
        return [.. ranges.Select(range => range.Split('-').Select(int.Parse).ToArray())
            .SelectMany(range => Enumerable.Range(range[0], range[^1] - range[0] + 1))
            .Select(number => number.ToString(CultureInfo.InvariantCulture))];
    }
}
