using Capacity.Queueing;
using Capacity.Sizing;

namespace Capacity.Reports;

/// <summary>Which metric calls for which step of growth, at which threshold, and what the threshold follows from.</summary>
internal static class LadderTable
{
    /// <summary>The bytes of a table or partition beyond which a vacuum, a copy or an index build takes most of an hour.</summary>
    public const double MaxPartition = 100e9;

    // What one vacuum reads per second with default settings on a cloud disk.
    private const double VacuumRate = 100e6;

    public static string Create(Figures figures) => Table.Create(["Step", "Metric", "Threshold", "Why"], Rows(figures), alignRight: false);

    private static IEnumerable<string[]> Rows(Figures figures)
    {
        var one = new Workload(figures, 1);
        var cores = figures["environment", "cores of a replica"];
        var zones = figures["environment", "zones"];
        var servers = figures["environment", "largest database server"] * figures["environment", "utilization of the database"];
        var readShare = one.ReadCpu / (one.ReadCpu + one.WriteCpu);
        yield return
        [
            "`single` to `services`", "CPU of the process", "> 60 % for 10 minutes, or a second process is needed",
            $"{Table.Round(cores)} cores at 60 % carry {Table.Round(0.6 * cores / one.ApiCpu)} requests/s of this mix; SQLite is a file for one process",
        ];
        yield return
        [
            "More API replicas", "CPU per replica; rate of 503", "> 60 % for 10 minutes; > 0.1 % for 5 minutes",
            $"60 % in {zones:0} zones is {Table.Percent(0.6 * zones / (zones - 1))} when one is lost: p99 of the wait for a core is {Wait(figures, 0.6)} ms, at 50 % {Wait(figures, 0.5)} ms. "
                + $"70 % is {Table.Percent(0.7 * zones / (zones - 1))}: requests are rejected until replicas are added",
        ];
        yield return
        [
            "More workers", "CPU per worker; `messaging.outbox.lag`; messages in handlers", "> 60 % for 10 minutes; > 10 s for 5 minutes; > 70 % of `MaxConcurrency` × processes",
            $"10 minutes of backlog drain in {Drain(figures, 0.6)} minutes at 60 %, in {Drain(figures, 0.8)} at 80 %, and never at {Table.Percent(MaxUtilization(figures))}, which is all that is counted on",
        ];
        yield return
        [
            "Batch handlers", "CPU of the database by messages", "> half of it",
            $"A message costs the database {Table.Round(figures["message", "database"] * 1e6)} µs one by one, {Table.Round(figures["message", "database, in batches"] * 1e6)} µs in batches",
        ];
        yield return
        [
            "Read replica", "CPU of the primary; its share of reads (`pg_stat_statements`)", "> 50 % for 10 minutes; > half",
            $"A standby relieves the primary of reads only: {Table.Percent(readShare)} of the work in this mix, so sharding or batches come first if writes dominate",
        ];
        yield return
        [
            "Partitions", "Size of a table with indexes; deletion by age", "> 100 GB; any",
            $"Not for speed: pages of 10,000,000 rows take as long as those of 10,000. A vacuum reads 100 GB in {Table.Round(MaxPartition / VacuumRate / 60)} minutes. "
                + $"{Table.Round(MaxPartition / figures["placement", "stored order with indexes"] / 1e6)} million orders, or {Table.Round(MonthlyPlacements(figures))} placements/s for a month",
        ];
        yield return
        [
            "PgBouncer", "`Database:Processes` × (pool + 1) + 1", "> 80 % of `max_connections`",
            $"{Table.Round(0.8 * figures["environment", "connections of a server"] / (Pool(figures) + 1))} processes with pools of {Pool(figures)} at {Table.Round(figures["environment", "connections of a server"])} connections",
        ];
        yield return
        [
            "Gateway, stage `cluster`", "Replicas of the API; zones", "> 3; > 1",
            $"A lost zone is noticed within 4 seconds. The gateway costs {Table.Percent(one.GatewayCpu / one.ApiCpu)} of the CPU time of the API",
        ];
        yield return
        [
            "Sharding, or a database of its own for a feature", "CPU of the primary, after reads and batches", "> 60 % on the largest server",
            $"{Table.Round(figures["environment", "largest database server"])} cores at 60 % end at {Table.Round(servers / one.WriteCpu * one.Placements)} placements/s, "
                + $"{Table.Round(servers / one.WriteCpu)} requests/s of this mix. The template has no sharding",
        ];
    }

    private static double MaxUtilization(Figures figures) => figures["environment", "highest utilization with a zone lost"];

    private static string Drain(Figures figures, double utilization) =>
        Table.Round(new Backlog(utilization, TimeSpan.FromMinutes(10)).GetDrainTime(MaxUtilization(figures)).TotalMinutes);

    // The p99 of the wait for a core with a zone lost.
    private static string Wait(Figures figures, double utilization)
    {
        var mean = new Workload(figures, 1).ApiCpu;
        var cores = (int)figures["environment", "cores of a replica"];
        var zones = figures["environment", "zones"];
        var line = new WaitingLine(cores, utilization * zones / (zones - 1) * cores / mean, mean);
        return Table.Round(line.GetWait(0.99) * Plan.GetWaitFactor(figures) * 1000);
    }

    private static double MonthlyPlacements(Figures figures) => MaxPartition / figures["placement", "stored order with indexes"] / (86400 * 30);

    private static int Pool(Figures figures) => new Plan(figures, SizingTable.Loads[^2]).ApiPool;
}
