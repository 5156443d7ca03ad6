using ScalableTemplates.Tests.EndToEnd;

namespace Runner;

/// <summary>Log output of a contender's processes.</summary>
internal static class Logs
{
    /// <returns>Each kind of warning and error once; they may invalidate a measurement.</returns>
    public static IEnumerable<string> FindWarnings(string log)
    {
        var lines = log.Split('\n');
        return lines
            .Zip(lines.Skip(1), (head, text) => (Head: head, Text: text.Trim()))
            .Where(line => line.Head.StartsWith("warn:", StringComparison.Ordinal) || line.Head.StartsWith("fail:", StringComparison.Ordinal))
            .GroupBy(line => line.Head)
            .Select(lines => $"{lines.Key} {lines.First().Text} ({lines.Count()} times)");
    }

    public static string Tail(IEnumerable<Daemon> daemons) => string.Join(
        Environment.NewLine, daemons.Select(daemon => $"{daemon.LogFile}:{Environment.NewLine}{daemon.Log[Math.Max(0, daemon.Log.Length - 3000)..]}"));
}
