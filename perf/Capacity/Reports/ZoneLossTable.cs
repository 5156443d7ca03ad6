using Capacity.Simulation;

namespace Capacity.Reports;

internal static class ZoneLossTable
{
    public static string Create(IEnumerable<ZoneLossRun> runs) => Table.Create(
        ["", "Phase", "Seconds", "p50, ms", "p99, ms", "Served", "503", "Failed"],
        runs.SelectMany(run => run.Phases.Select((phase, number) => Row(number == 0 ? run.Name : "", phase.Name, phase.Seconds, run.Outcomes))));

    private static string[] Row(string name, string phase, Range seconds, Outcomes outcomes) =>
    [
        name,
        phase,
        $"{seconds.Start.Value} to {seconds.End.Value}",
        Table.Round(outcomes.GetLatency(seconds, 0.5)),
        Table.Round(outcomes.GetLatency(seconds, 0.99)),
        Table.PercentWithDecimal(outcomes.GetServed(seconds)),
        Table.PercentWithDecimal(outcomes.GetRejected(seconds)),
        Table.PercentWithDecimal(outcomes.GetFailed(seconds)),
    ];
}
