using System.Globalization;
using Capacity;
using Capacity.Reports;
using Capacity.Sizing;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.CapacityModel;

/// <summary>The tables of docs/capacity.md, and what the page concludes from them.</summary>
public sealed class CapacityDocumentTests
{
    private static readonly Figures Figures = Figures.Load();
    private static readonly CapacityDocument Document = new(Figures);

    [Fact]
    public void Tables_are_what_the_program_prints()
    {
        var page = File.ReadAllText(Path.Combine(Repo.Root, "docs", "capacity.md"));

        Assert.Equal(4, page.Split("<!-- capacity: end -->").Length - 1);
        Assert.True(page == Document.Apply(page), "Run: bash perf/run capacity --write docs/capacity.md");
    }

    // A figure that was measured again has to be updated in figures.json.
    [Fact]
    public void Measured_figures_occur_in_their_source()
    {
        var measured = (from section in Figures.Sections
            from figure in section.Value
            let source = figure.Value.Source.Split(": ", 2)
            where source[0].EndsWith(".md", StringComparison.Ordinal)
            select (Name: $"{section.Key}: {figure.Key}", figure.Value.Value, File: source[0], Line: source[1])).ToList();

        Assert.InRange(measured.Count, 10, 100);
        Findings.AssertNone(
            from figure in measured
            let value = figure.Value.ToString("#,0.##", CultureInfo.InvariantCulture)
            where !File.ReadLines(Path.Combine(Repo.Root, figure.File)).Any(line => line.Contains(figure.Line, StringComparison.Ordinal) && line.Contains(value, StringComparison.Ordinal))
            select $"{figure.Name}: no line of {figure.File} has '{figure.Line}' and {value}");
    }

    [Fact]
    public void Figures_state_their_source_and_shares_add_up()
    {
        Assert.DoesNotContain(Figures.Sections.SelectMany(section => section.Value), figure => figure.Value.Source.Length < 5);
        Assert.Equal(1, Figures.Requests.Sum(kind => Figures[kind, "share of requests"]), 0.0001);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public void Sized_fleets_carry_the_peak_without_a_zone(double requests)
    {
        var plan = new Plan(Figures, requests);

        foreach (var fleet in new[] { plan.Gateways, plan.Api, plan.Workers })
        {
            Assert.InRange(fleet.UtilizationWithoutZone, 0, Figures["environment", "highest utilization with a zone lost"]);
        }

        Assert.InRange(plan.ApiWait, 0, Figures["environment", "p99 of requests"]);
        Assert.True(plan.MaxConsumption > plan.Load.Messages, "A backlog never drains.");
    }

    [Fact]
    public void A_sized_cluster_keeps_its_p99_when_a_zone_is_lost()
    {
        var outcomes = Find("sized").Outcomes;
        var noticed = Scenarios.Detected..Scenarios.End;

        Assert.InRange(outcomes.GetLatency(noticed, 0.99), 0, Figures["environment", "p99 of requests"] * 1000);
        Assert.InRange(outcomes.GetServed(noticed), 0.999, 1);
    }

    [Fact]
    public void Load_shedding_prevents_the_collapse_of_an_overloaded_cluster()
    {
        var later = (Scenarios.Detected + 5)..Scenarios.End;
        var overloaded = Find("85 % CPU before").Outcomes;
        var unlimited = Find("85 % CPU before, without").Outcomes;

        Assert.InRange(overloaded.GetLatency(later, 0.99), 0, Figures["environment", "p99 of requests"] * 1000);
        // Two zones of three at 85 % carry at most 78 %, less the CPU time of rejections and retries.
        Assert.InRange(overloaded.GetServed(later), 0.65, 0.79);
        Assert.InRange(unlimited.GetLatency(later, 0.99), 20 * overloaded.GetLatency(later, 0.99), double.MaxValue);
    }

    private static ZoneLossRun Find(string name) => Document.Runs.First(run => run.Name.StartsWith(name, StringComparison.Ordinal));
}
