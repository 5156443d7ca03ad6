using System.Globalization;

namespace Runner;

/// <summary>CPU time of all descendant processes by component. On a busy machine it is more stable than elapsed time.</summary>
internal static class CpuTime
{
    private static readonly (string Part, string[] Words)[] Parts =
    [
        ("database", ["postgres"]),
        ("broker", ["beam", "erl", "rabbitmq"]),
        ("api", ["Api.dll", ".dll api"]),
        ("worker", ["Worker.dll", ".dll worker"]),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Parts.Select(part => part.Part)];

    /// <returns>Seconds by component since the start of the processes.</returns>
    public static Dictionary<string, double> Read()
    {
        var processes = Directory.GetDirectories("/proc").Select(TryRead).OfType<Entry>().ToDictionary(entry => entry.Id);
        var sums = Names.ToDictionary(name => name, _ => 0.0);
        foreach (var process in processes.Values.Where(process => IsOurs(process, processes)))
        {
            if (Array.Find(Parts, part => part.Words.Any(word => process.CommandLine.Contains(word, StringComparison.Ordinal))) is { Part: { } name })
            {
                sums[name] += process.Seconds;
            }
        }

        return sums;
    }

    private static bool IsOurs(Entry? process, Dictionary<int, Entry> all)
    {
        while (process is not null && process.Parent != Environment.ProcessId)
        {
            process = all.GetValueOrDefault(process.Parent);
        }

        return process is not null;
    }

    private static Entry? TryRead(string folder)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            // Fields after the parenthesized name: state, parent, ..., utime, stime, cutime, cstime (the last two of exited children).
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            return new Entry(
                int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' '),
                ticks / 100.0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            // Not a process, or one that has just exited.
            return null;
        }
    }

    private sealed record Entry(int Id, int Parent, string CommandLine, double Seconds);
}
