namespace Runner.Api;

/// <summary>Measurements of the APIs by contender and name, and the tables they are printed as.</summary>
internal sealed class ApiFigures
{
    private readonly List<Figure> figures = [];

    public void Add(ApiContender contender, string name, double value) => figures.Add(new(contender.Name, name, value));

    public void Write(IReadOnlyList<string> contenders, IEnumerable<Scenario> scenarios, int turns, int rounds, Report report)
    {
        var others = contenders.Contains("baseline") ? contenders.Where(contender => contender != "baseline").ToList() : [];
        foreach (var (title, unit, name) in new[]
        {
            ("Requests to the API", "/s", " rps"), ("CPU time of the API per request", " µs", " cpu"),
            ("CPU time of the database per request", " µs", " database"), ("Write-ahead log per request", " bytes", " wal"),
        })
        {
            report.Write(
                title,
                $"{Wrk.Connections} connections, medians of {turns} turns; ratios to the hand-written baseline are medians of the ratios of each turn.",
                ["", .. contenders.Select(contender => contender + unit), .. others.Select(contender => contender + " to the baseline")],
                scenarios.Select(scenario => new[] { scenario.Name }
                    .Concat(contenders.Select(contender => Report.Number(Median(contender, scenario.Name + name))))
                    .Concat(others.Select(contender => Ratio(contender, scenario.Name + name) is var ratio && double.IsFinite(ratio) ? Report.Decimal(ratio) : ""))
                    .ToArray()));
        }

        (string Name, string Text)[] rows =
        [
            .. scenarios.Select(scenario => (scenario.Name + " p99", $"{scenario.Name}, p99, ms")),
            ("ready", "first 200 from /health, s"), ("served", "first 200 from a product, s"),
            ("cold", "cached reads in the first 5 s of load, thousands/s"),
            ("idle", "memory idle, MiB"), ("loaded", "memory after the load, MiB"),
        ];
        report.Write(
            "Latency, start and memory of the API",
            $"p99: medians of {turns} turns. Other rows: medians of {rounds} starts, except memory after the load (last start only). Times are measured from process start; memory is the resident set.",
            ["", .. contenders],
            rows.Select(row => contenders.Select(contender => Report.Decimal(Median(contender, row.Name))).Prepend(row.Text).ToArray()));
    }

    private double[] Of(string contender, string name) =>
        [.. figures.Where(figure => figure.Contender == contender && figure.Name == name).Select(figure => figure.Value)];

    private double Median(string contender, string name) => Of(contender, name) is { Length: > 0 } values ? Report.Median(values) : double.NaN;

    private double Ratio(string contender, string name) =>
        Of("baseline", name).Zip(Of(contender, name), (baseline, other) => other / baseline).ToArray() is { Length: > 0 } ratios ? Report.Median(ratios) : double.NaN;

    private sealed record Figure(string Contender, string Name, double Value);
}
