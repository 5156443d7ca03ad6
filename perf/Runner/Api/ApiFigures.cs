namespace Runner.Api;

/// <summary>What was measured of the APIs, by contender and name, and the tables that it makes.</summary>
internal sealed class ApiFigures
{
    private readonly List<Figure> figures = [];

    public void Add(ApiContender contender, string name, double value) => figures.Add(new(contender.Name, name, value));

    public void Write(IReadOnlyList<string> contenders, IEnumerable<Scenario> scenarios, int turns, int rounds, Report report)
    {
        var others = contenders.Where(contender => contender != "floor").ToList();
        foreach (var (title, unit, name) in new[] { ("Requests to the API", "/s", " rps"), ("Processor time of the API for a request", " µs", " cpu") })
        {
            report.Write(
                title,
                $"{Wrk.Connections} connections, medians of {turns} turns; ratios to the floor are medians of the turns' own.",
                ["", .. contenders.Select(contender => contender + unit), .. others.Select(contender => contender + " to the floor")],
                scenarios.Select(scenario => new[] { scenario.Name }
                    .Concat(contenders.Select(contender => Report.Number(Median(contender, scenario.Name + name))))
                    .Concat(others.Select(contender => Report.Ratio(Ratio(contender, scenario.Name + name))))
                    .ToArray()));
        }

        (string Name, string Text)[] rows =
        [
            .. scenarios.Select(scenario => (scenario.Name + " p99", $"{scenario.Name}, p99, ms")),
            ("ready", "first 200 of /health, s"), ("served", "first 200 of a product, s"),
            ("fresh", "cached reads in the first 5 s of load, thousands/s"),
            ("idle", "memory idle, MiB"), ("loaded", "memory after the load, MiB"),
        ];
        report.Write(
            "Latency, start and memory of the API",
            $"p99: medians of {turns} turns; all else: of {rounds} starts, but memory after the load of the last; from the start of the process; resident memory.",
            ["", .. contenders],
            rows.Select(row => contenders.Select(contender => Report.Ratio(Median(contender, row.Name))).Prepend(row.Text).ToArray()));
    }

    private double[] Of(string contender, string name) =>
        [.. figures.Where(figure => figure.Contender == contender && figure.Name == name).Select(figure => figure.Value)];

    private double Median(string contender, string name) => Of(contender, name) is { Length: > 0 } values ? Report.Median(values) : double.NaN;

    private double Ratio(string contender, string name) =>
        Of("floor", name).Zip(Of(contender, name), (floor, other) => other / floor).ToArray() is { Length: > 0 } ratios ? Report.Median(ratios) : double.NaN;

    private sealed record Figure(string Contender, string Name, double Value);
}
