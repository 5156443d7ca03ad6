using System.Globalization;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Which processors a process may use; so that one can be measured as if it had a machine of its own.</summary>
internal static class Processors
{
    public static string All { get; } = $"0-{Environment.ProcessorCount - 1}";

    public static string Last { get; } = $"{Environment.ProcessorCount - 1}";

    public static string AllButLast { get; } = $"0-{Environment.ProcessorCount - 2}";

    /// <summary>Whether a process can get one for itself.</summary>
    public static bool CanBeGiven { get; } = Environment.ProcessorCount > 1 && Programs.FindFolder("taskset") is not null;

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
}
