using System.Globalization;
using System.Text;

namespace Runner;

/// <summary>Prints tables in Markdown.</summary>
internal sealed class Report(RunOptions options)
{
    public void Write(string title, string note, string[] header, IEnumerable<string[]> rows)
    {
        var text = new StringBuilder($"\n### {title}\n\n{note}\n\n");
        text.AppendLine(Line(header));
        text.AppendLine(Line([.. header.Select((_, column) => column == 0 ? "---" : "--:")]));
        foreach (var row in rows)
        {
            text.AppendLine(Line(row));
        }

        Console.WriteLine(text);
        if (options.Output is not null)
        {
            File.AppendAllText(options.Output, text.ToString());
        }

        static string Line(string[] cells) => $"| {string.Join(" | ", cells)} |";
    }

    /// <summary>Writes a progress line to standard error.</summary>
    public static void Progress(string text) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {text}");

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Formats a number with two decimal places.</summary>
    public static string Decimal(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    public static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
