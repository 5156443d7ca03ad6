using Runner.Api;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner.Benchmarks;

/// <summary>Throughput of the sample API with one, two and three replicas behind the gateway, each limited to a share of a core.</summary>
internal sealed class Replicas(ServerSet servers, RunOptions options, Report report)
{
    public const double Share = 0.2;

    private const int Most = 3;

    // For each replica: less than one with one processor runs and queues at the same time.
    private const int Connections = 20;

    private readonly TimeSpan warmUp = TimeSpan.FromSeconds(options.IsQuick ? 2 : 30);
    private readonly TimeSpan length = TimeSpan.FromSeconds(options.IsQuick ? 1 : 4);
    private readonly string token = Token.Create("ada");
    private readonly List<(string Scenario, int Count, double Rate, double ApiCpu, double GatewayCpu)> turns = [];
    private readonly List<ApiProcess> replicas = [];
    private readonly List<ApiProcess> gateways = [];
    private readonly List<ControlGroup> groups = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var scenarios = await StartAsync(cancellationToken);
            foreach (var scenario in scenarios)
            {
                await WarmUpAsync(scenario);
            }

            groups.ForEach(group => group.LimitCpu(Share));
            for (var turn = 1; turn <= (options.IsQuick ? 1 : 2 * options.Rounds); turn++)
            {
                foreach (var scenario in scenarios)
                {
                    for (var count = 1; count <= Most; count++)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        var number = 1 + ((count + turn) % Most);
                        await MeasureAsync(scenario, number, number * Connections);
                    }
                }
            }

            Write(scenarios);
            await MeasureFullLoadAsync(scenarios);
        }
        finally
        {
            foreach (var process in gateways.Concat(replicas))
            {
                await process.DisposeAsync();
            }

            groups.ForEach(group => group.Dispose());
        }
    }

    private async Task<IReadOnlyList<Scenario>> StartAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the API and its gateway");
        var published = await ApiContender.PublishGeneratedAsync();
        var api = new ApiContender("generated", published["Api"], await SampleDatabase.CreateAsync(servers, published["Migrator"], "scale", cancellationToken), Settings());
        for (var replica = 0; replica < Most; replica++)
        {
            groups.Add(ControlGroup.Create());
            replicas.Add(api.Start(groups[replica]));
            await replicas[replica].WaitForAsync("health", token);
        }

        // One gateway for each number of replicas, so that all are warm.
        for (var count = 1; count <= Most; count++)
        {
            var environment = new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Production", ["Gateway__ApiHealthPort"] = "0" };
            for (var replica = 0; replica < count; replica++)
            {
                environment[$"Services__api__http__{replica}"] = replicas[replica].Address.ToString();
            }

            gateways.Add(ApiProcess.Start(published["Gateway"], environment));
            await gateways[^1].WaitForAsync("health", token);
        }

        var scenarios = await Scenario.CreateAllAsync(api.Database, "ada", cancellationToken);
        return [.. scenarios.Where(scenario => scenario.Bodies is null)];
    }

    // Without limits, as a limited process would be cold for minutes.
    private async Task WarmUpAsync(Scenario scenario)
    {
        Report.Progress($"warming up for {scenario.Name}");
        for (var count = Most; count >= 1; count--)
        {
            await Wrk.RunAsync(gateways[count - 1].Address, count == Most ? warmUp : length, count * Connections, scenario.GetArguments(token));
        }
    }

    private async Task MeasureAsync(Scenario scenario, int count, int connections)
    {
        var gateway = gateways[count - 1];
        var before = (Gateway: gateway.GetProcessorTime(), Api: GetProcessorTime(count));
        var result = await Wrk.RunAsync(gateway.Address, length, connections, scenario.GetArguments(token));
        var cpu = (gateway.GetProcessorTime() - before.Gateway).TotalMicroseconds / result.Requests;
        var apiCpu = (GetProcessorTime(count) - before.Api).TotalMicroseconds / result.Requests;
        turns.Add((scenario.Name, count, result.PerSecond, apiCpu, cpu));
        Report.Progress($"{scenario.Name}, {count} replicas: {result.PerSecond:0}/s, API {apiCpu:0} µs, gateway {cpu:0} µs");
    }

    // With little load, processes wait for each request, which costs them CPU time.
    private async Task MeasureFullLoadAsync(IReadOnlyList<Scenario> scenarios)
    {
        turns.Clear();
        groups.ForEach(group => group.LimitCpu(null));
        for (var turn = 0; turn < (options.IsQuick ? 1 : options.Rounds); turn++)
        {
            foreach (var scenario in scenarios)
            {
                await MeasureAsync(scenario, Most, Most * Connections);
            }
        }

        report.Write(
            "The gateway under full load",
            $"{Most} replicas without a limit, {Most * Connections} connections; medians of {options.Rounds} turns.",
            ["", "requests/s", "API, µs per request", "gateway, µs per request"],
            from scenario in scenarios
            let own = turns.Where(turn => turn.Scenario == scenario.Name).ToList()
            select new[]
            {
                scenario.Name, Report.Number(Report.Median(own.Select(turn => turn.Rate))), Report.Number(Report.Median(own.Select(turn => turn.ApiCpu))),
                Report.Number(Report.Median(own.Select(turn => turn.GatewayCpu))),
            });
    }

    private TimeSpan GetProcessorTime(int count) => replicas.Take(count).Aggregate(TimeSpan.Zero, (sum, replica) => sum + replica.GetProcessorTime());

    private void Write(IEnumerable<Scenario> scenarios) => report.Write(
        "Replicas of the API",
        $"Each replica has {Share:0.00} of a core and {Connections} connections; medians of {turns.Count / Most / scenarios.Count()} turns. Efficiency is the rate divided by that of one replica and by their number.",
        ["", "replicas", "requests/s", "all turns", "efficiency", "API, µs per request", "gateway, µs per request"],
        from scenario in scenarios
        from count in Enumerable.Range(1, Most)
        let own = turns.Where(turn => turn.Scenario == scenario.Name && turn.Count == count).ToList()
        let one = Report.Median(turns.Where(turn => turn.Scenario == scenario.Name && turn.Count == 1).Select(turn => turn.Rate))
        let rate = Report.Median(own.Select(turn => turn.Rate))
        select new[]
        {
            scenario.Name, $"{count}", Report.Number(rate), string.Join(", ", own.Select(turn => Report.Number(turn.Rate))),
            Report.Decimal(rate / one / count), Report.Number(Report.Median(own.Select(turn => turn.ApiCpu))), Report.Number(Report.Median(own.Select(turn => turn.GatewayCpu))),
        });

    // The runtime would otherwise see all cores of the machine.
    private static Dictionary<string, string> Settings() => new(ApiSettings.Create()) { ["DOTNET_PROCESSOR_COUNT"] = "1" };
}
