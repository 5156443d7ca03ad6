using Npgsql;
using Runner.Api;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner.Benchmarks;

/// <summary>Compares the complete sample API with the same endpoints hand-written and with EF Core and OpenTelemetry only.</summary>
internal sealed class ApiLoad(ServerSet servers, RunOptions options, Report report)
{
    private const string Customer = "ada";

    // A separate customer for placements, so the read customer's row count and the planner's statistics stay constant.
    private const string Buyer = "bob";

    // Tiered compilation takes about a minute of full load to settle.
    private readonly TimeSpan warmUp = TimeSpan.FromSeconds(options.IsQuick ? 3 : 60);
    private readonly TimeSpan coldLoad = TimeSpan.FromSeconds(options.IsQuick ? 1 : 5);
    // Many short turns, as a process can be 25 % slower for several seconds.
    private readonly TimeSpan length = TimeSpan.FromSeconds(options.IsQuick ? 1 : 2);
    private readonly int turns = options.IsQuick ? 1 : 5 * options.Rounds;
    private readonly string token = Token.Create(Customer);
    private readonly string buyerToken = Token.Create(Buyer);
    private readonly ApiFigures figures = new();
    private readonly List<ApiContender> contenders = [];
    private IReadOnlyList<Scenario> scenarios = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the APIs");
        var baseline = await ApiContender.PublishAsync("ApiBaseline");
        await using var sink = ApiDependencies.StartSink(baseline, out var otlp);
        await PrepareAsync(baseline, otlp, cancellationToken);
        // The last round also measures requests, on the processes it has started.
        for (var round = 1; round < options.Rounds; round++)
        {
            await RunAllAsync(round, _ => Task.CompletedTask, cancellationToken);
        }

        await RunAllAsync(options.Rounds, running => MeasureAllAsync(running, cancellationToken), cancellationToken);
        figures.Write([.. contenders.Select(contender => contender.Name)], scenarios, turns, options.Rounds, report);
    }

    private async Task PrepareAsync(string baseline, string otlp, CancellationToken cancellationToken)
    {
        var generated = await ApiContender.PublishGeneratedAsync();
        var bearer = new Dictionary<string, string>();
        Token.Configure(bearer);
        var telemetry = new Dictionary<string, string>(bearer) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp };
        var everything = new Dictionary<string, string>(ApiSettings.Create()) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp };
        foreach (var (name, value) in options.Settings)
        {
            everything[name] = value;
        }

        await AddAsync("baseline", () => Task.FromResult(baseline), bearer);
        await AddAsync("efcore", () => ApiContender.PublishAsync("ApiEfCore"), telemetry);
        await AddAsync("generated", () => Task.FromResult(generated["Api"]), everything);
        scenarios = await Scenario.CreateAllAsync(contenders[0].Database, Customer, cancellationToken);

        async Task AddAsync(string name, Func<Task<string>> publishAsync, Dictionary<string, string> settings)
        {
            if (options.Includes(name))
            {
                var connectionStrings = await SampleDatabase.CreateAsync(servers, generated["Migrator"], $"api_{name}", cancellationToken);
                contenders.Add(new(name, await publishAsync(), connectionStrings, settings));
            }
        }
    }

    private async Task RunAllAsync(int round, Func<Dictionary<ApiContender, ApiProcess>, Task> measureAsync, CancellationToken cancellationToken)
    {
        var running = new Dictionary<ApiContender, ApiProcess>();
        try
        {
            foreach (var contender in InTurn(round))
            {
                var api = running[contender] = contender.Start();
                var ready = await api.WaitForAsync("health", token);
                var served = await api.WaitForAsync(File.ReadLines(scenarios[0].Paths).First()[1..], token);
                figures.Add(contender, "ready", ready.TotalSeconds);
                figures.Add(contender, "served", served.TotalSeconds);
            }

            await Task.Delay(options.IsQuick ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10), cancellationToken);
            foreach (var (contender, api) in running)
            {
                figures.Add(contender, "idle", api.GetMemory());
            }

            foreach (var (contender, api) in running)
            {
                // Measured before tiered compilation settles: the throughput of a replica that was just scaled out.
                figures.Add(contender, "cold", (await SendAsync(contender, api, scenarios[0], coldLoad)).PerSecond / 1000);
            }

            await measureAsync(running);
        }
        finally
        {
            foreach (var api in running.Values)
            {
                await api.DisposeAsync();
            }
        }
    }

    private async Task MeasureAllAsync(Dictionary<ApiContender, ApiProcess> running, CancellationToken cancellationToken)
    {
        for (var turn = 0; turn <= turns; turn++)
        {
            foreach (var (scenario, number) in scenarios.Select((scenario, number) => (scenario, number)))
            {
                foreach (var contender in InTurn(turn + number))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await (turn == 0 ? WarmUpAsync(contender, running[contender], scenario) : MeasureAsync(turn, contender, running[contender], scenario, cancellationToken));
                }
            }
        }

        foreach (var (contender, api) in running)
        {
            figures.Add(contender, "loaded", api.GetMemory());
        }
    }

    private IEnumerable<ApiContender> InTurn(int number) =>
        contenders.Skip(number % contenders.Count).Concat(contenders.Take(number % contenders.Count));

    private async Task WarmUpAsync(ApiContender contender, ApiProcess api, Scenario scenario)
    {
        Report.Progress($"warming up {contender.Name} for {scenario.Name}");
        await SendAsync(contender, api, scenario, warmUp);
    }

    private async Task MeasureAsync(int turn, ApiContender contender, ApiProcess api, Scenario scenario, CancellationToken cancellationToken)
    {
        // Lets background work of the previous measurement finish.
        await WaitForRelayAsync(contender.Database, cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        var before = api.GetProcessorTime();
        var databaseBefore = await SampleDatabase.ReadWorkAsync(contender.Database, cancellationToken);
        var result = await SendAsync(contender, api, scenario, length);
        // The CPU time of an order includes relaying its message to the broker.
        await WaitForRelayAsync(contender.Database, cancellationToken);
        var cpu = (api.GetProcessorTime() - before).TotalMicroseconds / result.Requests;
        var database = await SampleDatabase.ReadWorkAsync(contender.Database, cancellationToken);
        figures.Add(contender, scenario.Name + " database", (database.Cpu - databaseBefore.Cpu) * 1e6 / result.Requests);
        figures.Add(contender, scenario.Name + " wal", (database.WriteAheadLog - databaseBefore.WriteAheadLog) / result.Requests);
        figures.Add(contender, scenario.Name + " rps", result.PerSecond);
        figures.Add(contender, scenario.Name + " cpu", cpu);
        figures.Add(contender, scenario.Name + " p99", result.P99 / 1000.0);
        Report.Progress($"turn {turn}, {scenario.Name}, {contender.Name}: {result.PerSecond:0}/s, {cpu:0} µs, p99 {result.P99 / 1000.0:0.0} ms");
    }

    private async Task<WrkResult> SendAsync(ApiContender contender, ApiProcess api, Scenario scenario, TimeSpan time)
    {
        try
        {
            return await Wrk.RunAsync(api.Address, time, scenario.GetArguments(scenario.Bodies is null ? token : buyerToken));
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException($"{contender.Name}: {exception.Message}{Environment.NewLine}{api.Log}", exception);
        }
    }

    private static async Task WaitForRelayAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT EXISTS (SELECT FROM outbox_messages)");
        for (var tries = 0; await command.ExecuteScalarAsync(cancellationToken) is true; tries++)
        {
            if (tries == 600)
            {
                throw new InvalidOperationException("The outbox was not drained within a minute.");
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}
