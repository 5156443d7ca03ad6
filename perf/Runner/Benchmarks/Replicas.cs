using Runner.Api;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner.Benchmarks;

/// <summary>Throughput of the sample API with one, two and three replicas behind the gateway, each limited to a share of a core.</summary>
internal sealed class Replicas(ServerSet servers, RunOptions options, Report report)
{
    public const double Share = 0.05;

    private const int Most = 3;

    // No more than one replica with one processor runs and queues at the same time.
    private const int Connections = 30;

    private readonly TimeSpan warmUp = TimeSpan.FromSeconds(options.IsQuick ? 2 : 8);
    private readonly TimeSpan length = TimeSpan.FromSeconds(options.IsQuick ? 1 : 4);
    private readonly string token = Token.Create("ada");
    private readonly List<(string Scenario, int Count, double Rate, double GatewayCpu)> turns = [];
    private readonly List<ApiProcess> replicas = [];
    private readonly List<ApiProcess> gateways = [];
    private readonly List<CpuQuota> quotas = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var scenarios = await StartAsync(cancellationToken);
            foreach (var scenario in scenarios)
            {
                await WarmUpAsync(scenario);
            }

            quotas.ForEach(quota => quota.Limit(Share));
            for (var turn = 1; turn <= (options.IsQuick ? 1 : 2 * options.Rounds); turn++)
            {
                foreach (var scenario in scenarios)
                {
                    for (var count = 1; count <= Most; count++)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        await MeasureAsync(scenario, 1 + ((count + turn) % Most));
                    }
                }
            }

            Write(scenarios);
        }
        finally
        {
            foreach (var process in gateways.Concat(replicas))
            {
                await process.DisposeAsync();
            }

            quotas.ForEach(quota => quota.Dispose());
        }
    }

    private async Task<IReadOnlyList<Scenario>> StartAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the API and its gateway");
        var published = await ApiContender.PublishGeneratedAsync();
        var api = new ApiContender("generated", published["Api"], await SampleDatabase.CreateAsync(servers, published["Migrator"], "scale", cancellationToken), Settings());
        for (var replica = 0; replica < Most; replica++)
        {
            replicas.Add(api.Start());
            await replicas[replica].WaitForAsync("health", token);
            quotas.Add(CpuQuota.Create(replicas[replica].Id));
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
        foreach (var process in replicas.Concat(gateways))
        {
            await Wrk.RunAsync(process.Address, warmUp, Connections, scenario.GetArguments(token));
        }
    }

    private async Task MeasureAsync(Scenario scenario, int count)
    {
        var gateway = gateways[count - 1];
        var before = gateway.GetProcessorTime();
        var result = await Wrk.RunAsync(gateway.Address, length, Connections, scenario.GetArguments(token));
        var cpu = (gateway.GetProcessorTime() - before).TotalMicroseconds / result.Requests;
        turns.Add((scenario.Name, count, result.PerSecond, cpu));
        Report.Progress($"{scenario.Name}, {count} replicas: {result.PerSecond:0}/s, gateway {cpu:0} µs");
    }

    private void Write(IEnumerable<Scenario> scenarios) => report.Write(
        "Replicas of the API",
        $"Each replica has {Share:0.00} of a core; medians of {turns.Count / Most / scenarios.Count()} turns. Efficiency is the rate divided by that of one replica and by their number.",
        ["", "replicas", "requests/s", "all turns", "efficiency", "gateway, µs per request"],
        from scenario in scenarios
        from count in Enumerable.Range(1, Most)
        let own = turns.Where(turn => turn.Scenario == scenario.Name && turn.Count == count).ToList()
        let one = Report.Median(turns.Where(turn => turn.Scenario == scenario.Name && turn.Count == 1).Select(turn => turn.Rate))
        let rate = Report.Median(own.Select(turn => turn.Rate))
        select new[]
        {
            scenario.Name, $"{count}", Report.Number(rate), string.Join(", ", own.Select(turn => Report.Number(turn.Rate))),
            Report.Decimal(rate / one / count), Report.Number(Report.Median(own.Select(turn => turn.GatewayCpu))),
        });

    // One client represents many, so rate limiting runs but never rejects. The runtime would otherwise see all cores of the machine.
    private static Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>
        {
            ["RateLimiting__Plans__standard__RequestsPerMinute"] = "60000000",
            ["RateLimiting__Plans__standard__Burst"] = "1000000",
            ["LoadShedding__MaxSharePerClient"] = "1",
            ["DOTNET_PROCESSOR_COUNT"] = "1",
        };
        Token.Configure(settings);
        return settings;
    }
}
