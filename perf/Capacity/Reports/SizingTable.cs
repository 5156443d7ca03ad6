using Capacity.Sizing;

namespace Capacity.Reports;

internal static class SizingTable
{
    public static readonly IReadOnlyList<double> Loads = [1_000, 10_000, 100_000, 1_000_000];

    public static string Create(Figures figures)
    {
        var plans = Loads.Select(load => new Plan(figures, load)).ToList();
        return Table.Create(
            ["Requests/s at the peak", .. Loads.Select(load => Table.Count(load))],
            Rows().Select(row => new[] { row.Name }.Concat(plans.Select(row.Show)).ToArray()));
    }

    private static IEnumerable<(string Name, Func<Plan, string> Show)> Rows() =>
    [
        ("placements/s; messages/s", plan => $"{Table.Round(plan.Load.Placements)}; {Table.Round(plan.Load.Messages)}"),
        ("API: busy cores", plan => Table.Round(plan.Load.ApiCpu)),
        ("API: replicas", plan => Table.Count(plan.Api.Replicas)),
        ("API: CPU, all zones; one lost", plan => Utilization(plan.Api)),
        ("API: share of requests that wait for a core, one zone lost (Erlang C)", plan => Table.Percent(plan.ApiWithoutZone.WaitProbability)),
        ("API: p99 of that wait, ms", plan => Table.Round(plan.ApiWait * 1000)),
        ("gateway: replicas", plan => Table.Count(plan.Gateways.Replicas)),
        ("worker: replicas", plan => Table.Count(plan.Workers.Replicas)),
        ("worker: CPU, all zones; one lost", plan => Utilization(plan.Workers)),
        ("worker: messages in handlers (Little's law)", plan => Table.Round(plan.Load.MessagesInHandlers)),
        ("`Messaging:MaxConcurrency`; `PrefetchCount`", plan => $"{plan.MaxConcurrency}; {2 * plan.MaxConcurrency}"),
        ("10 minutes without workers: messages", plan => Table.Round(plan.Backlog.Messages)),
        ("time to drain them, minutes", plan => Table.Round(plan.Backlog.GetDrainTime(plan.MaxConsumption).TotalMinutes)),
        ("connections in use, API; worker (Little's law)", plan => $"{Table.Round(plan.Load.ApiConnections)}; {Table.Round(plan.Load.WorkerConnections)}"),
        ("`Maximum Pool Size`, API; worker", plan => $"{plan.ApiPool}; {plan.WorkerPool}"),
        ("`Database:Processes`; connections in all", plan => $"{Table.Count(plan.Api.Replicas + plan.Workers.Replicas)}; {Table.Count(plan.Connections)}"),
        ("PgBouncer; its connections to the server", plan => plan.NeedsPgBouncer ? $"yes; {Table.Count(plan.SharedConnections)}" : "no"),
        ("primary: commits/s; write-ahead log, MB/s", plan => $"{Table.Round(plan.Load.Commits)}; {Table.Round(plan.Load.WriteAheadLog / 1e6)}"),
        ("primary: cores for writes and messages", plan => Table.Round(plan.PrimaryCores)),
        ("standbys: cores for reads", plan => Table.Round(plan.ReadCores)),
        ("primaries (more than one: sharding)", plan => plan.Primaries > 1 ? $"**{plan.Primaries}**" : "1"),
        ("broker: busy cores", plan => Table.Round(plan.Load.BrokerCpu)),
        ("orders: million rows a month; GB with indexes", plan => $"{Table.Round(plan.OrdersPerMonth / 1e6)}; {Table.Round(plan.BytesPerMonth / 1e9)}"),
        ("orders: partitions a month", plan => plan.BytesPerMonth > LadderTable.MaxPartition ? "30 (daily)" : "1 (monthly)"),
    ];

    private static string Utilization(Fleet fleet) => $"{Table.Percent(fleet.Utilization)}; {Table.Percent(fleet.UtilizationWithoutZone)}";
}
