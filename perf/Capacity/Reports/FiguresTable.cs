using System.Globalization;

namespace Capacity.Reports;

internal static class FiguresTable
{
    public static string Create(Figures figures) => Table.Create(
        ["Figure", "Value", "Source"],
        from section in figures.Sections
        from figure in section.Value
        select new[]
        {
            section.Key == "environment" ? figure.Key : $"{section.Key}: {figure.Key}",
            $"{figure.Value.Value.ToString("#,0.##", CultureInfo.InvariantCulture)} {figure.Value.Unit}".TrimEnd(),
            figure.Value.Source,
        },
        alignRight: false);
}
