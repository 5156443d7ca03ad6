using System.Globalization;
using System.Net.Http.Json;
using Npgsql;
using Runner.Contenders;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner;

/// <summary>The processes of a contender that run, on an empty database.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly List<Daemon> daemons = [];
    private readonly Contender contender;
    private readonly Dictionary<string, string> environment;
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromMinutes(10) };
    private int orders;
    private int effects;
    private Task seeded = Task.CompletedTask;

    private Session(Contender contender, Dictionary<string, string> environment, NpgsqlDataSource database)
    {
        this.contender = contender;
        this.environment = environment;
        Database = database;
    }

    /// <summary>The contender's database.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>Where to send orders.</summary>
    public Uri Api { get; private set; } = null!;

    /// <param name="relays">How many processes take orders and relay them.</param>
    /// <param name="workers">How many processes handle messages.</param>
    public static async Task<Session> StartAsync(
        Contender contender, ServerSet servers, bool batched = false, int relays = 1, int workers = 1, CancellationToken cancellationToken = default)
    {
        var connectionStrings = await servers.GetConnectionStringsAsync($"{contender.Name}");
        var environment = connectionStrings.ToDictionary(pair => $"ConnectionStrings__{pair.Key}", pair => pair.Value);
        environment["Bench__BatchSize"] = (batched ? RunOptions.BatchSize : 1).ToString(CultureInfo.InvariantCulture);
        // One client stands for many, and the probes are where the runner looks for them.
        environment["Limits__Plans__standard__RequestsPerMinute"] = "60000000";
        environment["Limits__Plans__standard__Burst"] = "1000000";
        environment["Limits__MaxSharePerClient"] = "1";
        environment["Health__Port"] = "0";
        foreach (var section in new[] { "Bench", "Messaging" })
        {
            environment[$"{section}__Concurrency"] = RunOptions.Concurrency.ToString(CultureInfo.InvariantCulture);
            environment[$"{section}__Prefetch"] = (batched ? 2 * RunOptions.BatchSize : RunOptions.Prefetch).ToString(CultureInfo.InvariantCulture);
        }

        var session = new Session(contender, environment, NpgsqlDataSource.Create(connectionStrings["database"]));
        try
        {
            await contender.MigrateAsync(environment);
            // The queues have to be there when the first message comes.
            await session.StartAsync(Role.Worker, workers, cancellationToken);
            session.Api = await session.StartAsync(Role.Api, relays, cancellationToken);
            await session.SeedAndDrainAsync(1, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts orders into the outbox, in one transaction, and returns when they are there.</summary>
    public async Task SeedAsync(int count, CancellationToken cancellationToken)
    {
        orders += count;
        var seeding = PostAsync();
        // Some answer only after they have sent all messages.
        while (!seeding.IsCompleted && await ScalarAsync<long>("SELECT count(*) FROM orders", cancellationToken) < orders)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50 + (count / 100)), cancellationToken);
        }

        seeded = seeding;

        async Task PostAsync()
        {
            using var response = await client.PostAsync(new Uri(Api, $"seed?count={count}"), null, cancellationToken);
            response.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Puts orders into the outbox that are due when all of them are there and the database has settled, and waits until then.</summary>
    public async Task SeedWaitingAsync(int count, CancellationToken cancellationToken)
    {
        await BulkRows.ScheduleOrdersAsync(Database, count - 1, cancellationToken);
        orders += count - 1;
        // The last one wakes the relay.
        await SeedAsync(1, cancellationToken);
    }

    /// <summary>Waits until so many of the orders that were just seeded have had their effect.</summary>
    /// <returns>From the commit of the orders to that of the effect.</returns>
    public async Task<TimeSpan> DrainAsync(int count, CancellationToken cancellationToken)
    {
        await seeded;
        var earlier = effects;
        await WaitForEffectsAsync(count, TimeSpan.FromSeconds(120 + (count / 100)), cancellationToken);
        return await ScalarAsync<TimeSpan>(
            $"""
            SELECT (SELECT pg_xact_commit_timestamp(xmin) FROM order_effects ORDER BY 1 OFFSET {earlier + count - 1} LIMIT 1)
                - (SELECT max(pg_xact_commit_timestamp(xmin)) FROM orders)
            """,
            cancellationToken);
    }

    public async Task SeedAndDrainAsync(int count, CancellationToken cancellationToken)
    {
        await SeedAsync(count, cancellationToken);
        await DrainAsync(count, cancellationToken);
    }

    /// <summary>Runs until the runtime has compiled what it will: a fresh process takes several times as long for a message.</summary>
    public async Task WarmUpAsync(RunOptions options, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 5; i++)
        {
            await SeedAndDrainAsync(options.Of(6_000), cancellationToken);
        }
    }

    /// <summary>Waits until <paramref name="count"/> more orders have had their effect.</summary>
    public async Task WaitForEffectsAsync(int count, TimeSpan timeout, CancellationToken cancellationToken)
    {
        effects += count;
        var deadline = DateTime.UtcNow + timeout;
        while (await ScalarAsync<long>("SELECT count(*) FROM order_effects", cancellationToken) is var present && present < effects)
        {
            if (DateTime.UtcNow > deadline || daemons.Exists(daemon => daemon.HasExited))
            {
                throw new InvalidOperationException($"{contender.Name}: {present} effects of {effects}.{Environment.NewLine}{Logs.Tail(daemons)}");
            }

            // To count them takes longer the more there are, and the processors of what is measured.
            await Task.Delay(TimeSpan.FromMilliseconds(200 + (present / 100)), cancellationToken);
        }
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = Database.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in daemons)
        {
            foreach (var complaint in Logs.FindComplaints(daemon.Log))
            {
                Report.Progress($"{contender.Name}: {complaint}");
            }

            await daemon.DisposeAsync();
        }

        await Database.DisposeAsync();
        client.Dispose();
    }

    /// <returns>The address of the first of them.</returns>
    private async Task<Uri> StartAsync(Role role, int count, CancellationToken cancellationToken)
    {
        var addresses = Enumerable.Range(0, count).Select(_ => new Uri($"http://127.0.0.1:{FreePort.Next()}/")).ToList();
        foreach (var address in addresses)
        {
            var daemon = contender.Start(role, new Dictionary<string, string>(environment) { ["ASPNETCORE_URLS"] = address.ToString() });
            daemons.Add(daemon);
            await daemon.WaitUntilAsync(() => IsHealthyAsync(address, cancellationToken));
        }

        return addresses[0];
    }

    private async Task<bool> IsHealthyAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(address, "health"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
