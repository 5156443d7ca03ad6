using System.Globalization;

namespace Capacity.Reports;

/// <summary>Formats Markdown tables and numbers.</summary>
internal static class Table
{
    public static string Create(string[] header, IEnumerable<string[]> rows, bool alignRight = true)
    {
        string[] line = [.. header.Select((_, column) => column > 0 && alignRight ? "--:" : "---")];
        return string.Join('\n', new[] { header, line }.Concat(rows).Select(cells => $"| {string.Join(" | ", cells)} |"));
    }

    /// <summary>Two significant digits, as the figures are no more exact than that; whole numbers are given as they are.</summary>
    public static string Round(double value)
    {
        if (value is 0)
        {
            return "0";
        }

        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 1);
        var rounded = Math.Round(value / unit) * unit;
        return rounded.ToString(rounded < 1 ? "0.0##" : rounded < 10 ? "0.#" : "#,0", CultureInfo.InvariantCulture);
    }

    public static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Percent(double value) => $"{(value * 100).ToString("0", CultureInfo.InvariantCulture)} %";

    public static string PercentWithDecimal(double value) => $"{(value * 100).ToString("0.0", CultureInfo.InvariantCulture)} %";
}
