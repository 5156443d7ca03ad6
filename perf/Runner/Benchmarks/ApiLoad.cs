using Npgsql;
using RabbitMQ.Client;
using Runner.Api;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Benchmarks;

/// <summary>The sample's API with all that it has, against the same endpoints by hand.</summary>
internal sealed class ApiLoad(ServerSet servers, RunOptions options, Report report)
{
    private const string Customer = "ada";

    // Places orders, so that the number of the others' does not grow from round to round, and with it the database's idea of them.
    private const string Buyer = "bob";

    // The runtime compiles what is called often, in the background and for most of a minute.
    private readonly TimeSpan warmUp = TimeSpan.FromSeconds(options.IsQuick ? 1 : 25);
    private readonly TimeSpan length = TimeSpan.FromSeconds(options.IsQuick ? 1 : 10);
    private readonly string token = Token.Create(Customer);
    private readonly string buyerToken = Token.Create(Buyer);
    private readonly List<Figure> figures = [];
    private IReadOnlyList<ApiContender> contenders = [];
    private IReadOnlyList<Scenario> scenarios = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Report.Progress("preparing the APIs");
        var floor = await ApiContender.PublishFloorAsync();
        await using var sink = StartSink(floor, out var otlp);
        await PrepareAsync(floor, otlp, cancellationToken);
        for (var round = 1; round <= options.Rounds; round++)
        {
            await RunRoundAsync(round, cancellationToken);
        }

        Write();
    }

    private static Daemon StartSink(string floor, out string address)
    {
        address = $"http://127.0.0.1:{FreePort.Next()}";
        return Daemon.Start(
            "dotnet",
            [floor, "sink"],
            Path.GetDirectoryName(floor)!,
            Path.Combine(TempFolder.Create("log"), "sink"),
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = address });
    }

    private async Task PrepareAsync(string floor, string otlp, CancellationToken cancellationToken)
    {
        var generated = await ApiContender.PublishGeneratedAsync();
        var bearer = new Dictionary<string, string>();
        Token.Configure(bearer);
        // One client stands for many: its budget is counted, and never empty.
        var everything = new Dictionary<string, string>(bearer)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp,
            ["Limits__Plans__standard__RequestsPerMinute"] = "60000000",
            ["Limits__Plans__standard__Burst"] = "1000000",
        };
        foreach (var (name, value) in options.Settings)
        {
            everything[name] = value;
        }

        contenders =
        [
            new("floor", floor, await CreateDatabaseAsync("api_floor"), bearer),
            new("generated", generated.Api, await CreateDatabaseAsync("api_generated"), everything),
        ];
        scenarios = await Scenario.CreateAllAsync(contenders[0].Database, Customer, cancellationToken);

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

            await DeclareQueueAsync(connectionStrings["broker"], cancellationToken);
            return connectionStrings;
        }
    }

    // The worker does not run; the broker keeps the newest messages, on disk, and forgets the others.
    private static async Task DeclareQueueAsync(string broker, CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.ExchangeDeclareAsync("events", ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            "api-load",
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-max-length"] = 1000, ["x-overflow"] = "drop-head" },
            cancellationToken: cancellationToken);
        await channel.QueueBindAsync("api-load", "events", "#", cancellationToken: cancellationToken);
    }

    private async Task RunRoundAsync(int round, CancellationToken cancellationToken)
    {
        var running = new Dictionary<ApiContender, ApiProcess>();
        try
        {
            foreach (var contender in InTurn(round))
            {
                var api = running[contender] = contender.Start();
                var ready = await api.WaitForAsync("health", token);
                var served = await api.WaitForAsync(File.ReadLines(scenarios[0].Paths).First()[1..], token);
                Add(contender, "ready", ready.TotalSeconds);
                Add(contender, "served", served.TotalSeconds);
            }

            await Task.Delay(options.IsQuick ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10), cancellationToken);
            foreach (var (contender, api) in running)
            {
                Add(contender, "idle", api.GetMemory());
            }

            foreach (var (scenario, number) in scenarios.Select((scenario, number) => (scenario, number)))
            {
                foreach (var contender in InTurn(round + number))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await MeasureAsync(round, contender, running[contender], scenario, cancellationToken);
                }
            }

            foreach (var (contender, api) in running)
            {
                Add(contender, "loaded", api.GetMemory());
            }
        }
        finally
        {
            foreach (var api in running.Values)
            {
                await api.DisposeAsync();
            }
        }
    }

    private IEnumerable<ApiContender> InTurn(int number) =>
        (number % 2 == 0 ? contenders.Reverse() : contenders).Where(contender => options.Includes(contender.Name));

    private async Task MeasureAsync(int round, ApiContender contender, ApiProcess api, Scenario scenario, CancellationToken cancellationToken)
    {
        var caller = scenario.Bodies is null ? token : buyerToken;
        try
        {
            await Wrk.RunAsync(api.Address, warmUp, scenario.GetArguments(caller));
            // What the warm-up has left under way would take room from what is measured.
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            await WaitForRelayAsync(contender.Database, cancellationToken);
            var before = api.GetProcessorTime();
            var result = await Wrk.RunAsync(api.Address, length, scenario.GetArguments(caller));
            // What an order costs ends with its message at the broker.
            await WaitForRelayAsync(contender.Database, cancellationToken);
            var cpu = (api.GetProcessorTime() - before).TotalMicroseconds / result.Requests;
            Add(contender, scenario.Name + " rps", result.PerSecond);
            Add(contender, scenario.Name + " cpu", cpu);
            Add(contender, scenario.Name + " p99", result.P99 / 1000.0);
            Report.Progress($"round {round}, {scenario.Name}, {contender.Name}: {result.PerSecond:0}/s, {cpu:0} µs, p99 {result.P99 / 1000.0:0.0} ms");
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

    private void Add(ApiContender contender, string name, double value) => figures.Add(new(contender.Name, name, value));

    private void Write()
    {
        report.Write(
            "Requests to the API",
            $"{Wrk.Connections} connections, medians of {options.Rounds}; ratios are medians of the rounds' own. CPU is the server process's.",
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
            ("ready", "first 200 of /health, s"), ("served", "first 200 of a product, s"), ("idle", "memory idle, MiB"), ("loaded", "memory after the load, MiB"),
        ];
        report.Write(
            "Start and memory of the API",
            $"Medians of {options.Rounds}; from the start of the process; resident memory.",
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
