using Npgsql;
using Runner.Api;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Benchmarks;

/// <summary>The sample's API with all that it has, against the same endpoints by hand, and with EF Core and OpenTelemetry alone.</summary>
internal sealed class ApiLoad(ServerSet servers, RunOptions options, Report report)
{
    private const string Customer = "ada";

    // Places orders, so that the number of the others' does not grow from round to round, and with it the database's idea of them.
    private const string Buyer = "bob";

    // The runtime compiles what is called often, in the background and for a minute of full load.
    private readonly TimeSpan warmUp = TimeSpan.FromSeconds(options.IsQuick ? 3 : 60);
    private readonly TimeSpan fresh = TimeSpan.FromSeconds(options.IsQuick ? 1 : 5);
    // Short and many: now and then a process is a quarter slower for some seconds.
    private readonly TimeSpan length = TimeSpan.FromSeconds(options.IsQuick ? 1 : 2);
    private readonly int turns = options.IsQuick ? 1 : 5 * options.Rounds;
    private readonly string token = Token.Create(Customer);
    private readonly string buyerToken = Token.Create(Buyer);
    private readonly ApiFigures figures = new();
    private IReadOnlyList<ApiContender> contenders = [];
    private IReadOnlyList<Scenario> scenarios = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the APIs");
        var floor = await ApiContender.PublishAsync("ApiFloor");
        await using var sink = Surroundings.StartSink(floor, out var otlp);
        await PrepareAsync(floor, otlp, cancellationToken);
        // The last start is that of the processes which get the requests.
        for (var round = 1; round < options.Rounds; round++)
        {
            await RunAllAsync(round, _ => Task.CompletedTask, cancellationToken);
        }

        await RunAllAsync(options.Rounds, running => MeasureAllAsync(running, cancellationToken), cancellationToken);
        figures.Write([.. contenders.Select(contender => contender.Name)], scenarios, turns, options.Rounds, report);
    }

    private async Task PrepareAsync(string floor, string otlp, CancellationToken cancellationToken)
    {
        var generated = await ApiContender.PublishGeneratedAsync();
        var bearer = new Dictionary<string, string>();
        Token.Configure(bearer);
        var telemetry = new Dictionary<string, string>(bearer) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp };
        // One client stands for many: its budget is counted, and never empty.
        var everything = new Dictionary<string, string>(telemetry)
        {
            ["Limits__Plans__standard__RequestsPerMinute"] = "60000000",
            ["Limits__Plans__standard__Burst"] = "1000000",
            ["Limits__MaxSharePerClient"] = "1",
        };
        foreach (var (name, value) in options.Settings)
        {
            everything[name] = value;
        }

        ApiContender[] all =
        [
            new("floor", floor, await CreateDatabaseAsync("api_floor"), bearer),
            new("efcore", await ApiContender.PublishAsync("ApiEfCore"), await CreateDatabaseAsync("api_efcore"), telemetry),
            new("generated", generated.Api, await CreateDatabaseAsync("api_generated"), everything),
        ];
        contenders = [.. all.Where(contender => options.Includes(contender.Name))];
        scenarios = await Scenario.CreateAllAsync(all[0].Database, Customer, cancellationToken);

        async Task<Dictionary<string, string>> CreateDatabaseAsync(string name)
        {
            var connectionStrings = await servers.GetConnectionStringsAsync(name);
            (await Command.RunAsync(
                "dotnet",
                [generated.Migrator],
                Path.GetDirectoryName(generated.Migrator)!,
                TimeSpan.FromMinutes(2),
                new Dictionary<string, string> { ["ConnectionStrings__database"] = connectionStrings["database"] })).EnsureSuccess();
            await using var database = NpgsqlDataSource.Create(connectionStrings["database"]);
            var sample = await File.ReadAllTextAsync(Path.Combine(Repo.Root, "perf", "Runner", "Api", "Sample.sql"), cancellationToken);
            foreach (var statement in sample.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                await using var command = database.CreateCommand(statement);
                command.CommandTimeout = 0;
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            await Surroundings.DeclareQueueAsync(connectionStrings["broker"], cancellationToken);
            return connectionStrings;
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
                // Before the runtime has compiled anew what is called often: what a replica does that was added because of load.
                figures.Add(contender, "fresh", (await SendAsync(contender, api, scenarios[0], fresh)).PerSecond / 1000);
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
        // Nothing that was before it takes room from what is measured.
        await WaitForRelayAsync(contender.Database, cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        var before = api.GetProcessorTime();
        var result = await SendAsync(contender, api, scenario, length);
        // What an order costs ends with its message at the broker.
        await WaitForRelayAsync(contender.Database, cancellationToken);
        var cpu = (api.GetProcessorTime() - before).TotalMicroseconds / result.Requests;
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
                throw new InvalidOperationException("Messages stay in the outbox.");
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}
