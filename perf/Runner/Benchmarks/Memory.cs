using System.Globalization;
using Runner.Api;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner.Benchmarks;

/// <summary>The sample API with 256 MiB of memory and half a core, with different settings of the garbage collector.</summary>
internal sealed class Memory(ServerSet servers, RunOptions options, Report report)
{
    private const long Limit = 256 << 20;
    private const double Share = 0.5;

    // Less than one process with one processor runs and queues at the same time.
    private const int Connections = 24;

    // Lets the heap shrink after the load before.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, (string Name, string Value)?> Cases = new()
    {
        ["defaults"] = null,
        ["conserve memory 7"] = ("DOTNET_GCConserveMemory", "7"),
        // In hexadecimal.
        ["hard limit 50 %"] = ("DOTNET_GCHeapHardLimitPercent", "32"),
    };

    private readonly TimeSpan warmUp = TimeSpan.FromSeconds(options.IsQuick ? 1 : 8);
    private readonly TimeSpan length = TimeSpan.FromSeconds(options.IsQuick ? 1 : 8);
    private readonly string token = Token.Create("ada");
    private readonly List<(string Case, string Scenario, double Rate, double P99, double Peak)> turns = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the API");
        var published = await ApiContender.PublishGeneratedAsync();
        var connectionStrings = await SampleDatabase.CreateAsync(servers, published["Migrator"], "memory", cancellationToken);
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (name, setting) in Cases)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var settings = ApiSettings.Create();
                if (setting is not null)
                {
                    settings[setting.Value.Name] = setting.Value.Value;
                }

                await MeasureAsync(name, new ApiContender("generated", published["Api"], connectionStrings, settings), cancellationToken);
            }
        }

        var scenarios = turns.Select(turn => turn.Scenario).Distinct().ToList();
        report.Write(
            "Memory",
            $"256 MiB and half a core, {Connections} connections; medians of {options.Rounds} rounds: requests/s, p99 in ms, and the peak of the private memory in MiB.",
            ["", .. scenarios.SelectMany(scenario => new[] { $"{scenario.Split(':')[0]}, requests/s", "p99", "MiB" })],
            from name in Cases.Keys
            select (string[])
            [
                name,
                .. from scenario in scenarios
                   let own = turns.Where(turn => turn.Case == name && turn.Scenario == scenario).ToList()
                   from figure in new[] { Report.Median(own.Select(turn => turn.Rate)), Report.Median(own.Select(turn => turn.P99)), own.Max(turn => turn.Peak) }
                   select Report.Number(figure),
            ]);
    }

    private async Task MeasureAsync(string name, ApiContender contender, CancellationToken cancellationToken)
    {
        using var group = ControlGroup.Create(Limit);
        group.LimitCpu(Share);
        await using var api = contender.Start(group);
        await api.WaitForAsync("health", token);
        var scenarios = await Scenario.CreateAllAsync(contender.Database, "ada", cancellationToken);
        // With half a core, code would be cold for minutes. The runtime has read the limit when it started.
        group.LimitCpu(null);
        foreach (var scenario in scenarios)
        {
            await Wrk.RunAsync(api.Address, warmUp, Connections, scenario.GetArguments(token));
        }

        group.LimitCpu(Share);
        foreach (var scenario in scenarios)
        {
            await Task.Delay(Settling, cancellationToken);
            var load = Wrk.RunAsync(api.Address, length, Connections, scenario.GetArguments(token));
            var peak = 0.0;
            for (; !load.IsCompleted; await Task.Delay(50, cancellationToken))
            {
                peak = Math.Max(peak, api.GetPrivateMemory());
            }

            var result = await load;
            turns.Add((name, scenario.Name, result.PerSecond, result.P99 / 1000.0, peak));
            Report.Progress(string.Create(CultureInfo.InvariantCulture, $"{name}, {scenario.Name}: {result.PerSecond:0}/s, p99 {result.P99 / 1000.0:0} ms, {peak:0} MiB"));
        }
    }
}
