namespace Runner.Api;

/// <summary>What was measured of the APIs, by contender and name, and the tables that it makes.</summary>
internal sealed class ApiFigures
{
    private readonly List<Figure> figures = [];

    public void Add(ApiContender contender, string name, double value) => figures.Add(new(contender.Name, name, value));

    public void Write(IEnumerable<Scenario> scenarios, int rounds, Report report)
    {
        report.Write(
            "Requests to the API",
            $"{Wrk.Connections} connections, medians of {rounds}; ratios are medians of the rounds' own. CPU is the server process's.",
            ["", "floor/s", "generated/s", "ratio", "floor CPU µs", "generated CPU µs", "ratio", "floor p99 ms", "generated p99 ms"],
            scenarios.Select(scenario => new[]
            {
                scenario.Name,
                Report.Number(Median("floor", scenario.Name + " rps")),
                Report.Number(Median("generated", scenario.Name + " rps")),
                Report.Ratio(Ratio(scenario.Name + " rps")),
                Report.Number(Median("floor", scenario.Name + " cpu")),
                Report.Number(Median("generated", scenario.Name + " cpu")),
                Report.Ratio(Ratio(scenario.Name + " cpu")),
                Report.Ratio(Median("floor", scenario.Name + " p99")),
                Report.Ratio(Median("generated", scenario.Name + " p99")),
            }));
        (string Name, string Text)[] rows =
        [
            ("ready", "first 200 of /health, s"), ("served", "first 200 of a product, s"),
            ("fresh", "cached reads in the first 5 s of load, thousands/s"),
            ("idle", "memory idle, MiB"), ("loaded", "memory after the load, MiB"),
        ];
        report.Write(
            "Start and memory of the API",
            $"Medians of {rounds}; from the start of the process; resident memory.",
            ["", "floor", "generated"],
            rows.Select(row => new[] { row.Text, Report.Ratio(Median("floor", row.Name)), Report.Ratio(Median("generated", row.Name)) }));
    }

    private double[] Of(string contender, string name) =>
        [.. figures.Where(figure => figure.Contender == contender && figure.Name == name).Select(figure => figure.Value)];

    private double Median(string contender, string name) => Of(contender, name) is { Length: > 0 } values ? Report.Median(values) : double.NaN;

    private double Ratio(string name) =>
        Of("floor", name).Zip(Of("generated", name), (floor, generated) => generated / floor).ToArray() is { Length: > 0 } ratios ? Report.Median(ratios) : double.NaN;

    private sealed record Figure(string Contender, string Name, double Value);
}
