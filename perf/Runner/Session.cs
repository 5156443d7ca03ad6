using System.Net.Http.Json;
using Npgsql;
using Runner.Contenders;
using Runner.Servers;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner;

/// <summary>The running processes of a contender on their own database.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly List<Daemon> daemons = [];
    private readonly Stack<Daemon> workers = [];
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

    /// <summary>The process ids of the running workers.</summary>
    public IEnumerable<int> Workers => workers.Select(worker => worker.Id);

    /// <summary>The base address for orders.</summary>
    public Uri Api { get; private set; } = null!;

    /// <param name="relays">The number of processes that accept orders and relay them.</param>
    /// <param name="workers">The number of processes that handle messages.</param>
    public static async Task<Session> StartAsync(
        Contender contender, ServerSet servers, bool batched = false, int relays = 1, int workers = 1, CancellationToken cancellationToken = default)
    {
        var connectionStrings = await servers.GetConnectionStringsAsync($"{contender.Name}");
        var environment = SessionSettings.Create(connectionStrings, batched);
        var session = new Session(contender, environment, NpgsqlDataSource.Create(connectionStrings["database"]));
        try
        {
            await contender.MigrateAsync(environment);
            // The worker declares the queues, so it starts before the first message is published.
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

    /// <summary>Writes orders to the outbox in one transaction and returns once they are committed.</summary>
    public async Task SeedAsync(int count, CancellationToken cancellationToken)
    {
        orders += count;
        var seeding = PostAsync();
        // Some contenders respond only after they have published all messages.
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

    /// <summary>Writes a backlog to the outbox that becomes due once all of it is committed and vacuumed, and waits until then.</summary>
    public async Task SeedBacklogAsync(int count, CancellationToken cancellationToken)
    {
        await BulkRows.ScheduleOrdersAsync(Database, count - 1, cancellationToken);
        orders += count - 1;
        // The last order wakes the relay.
        await SeedAsync(1, cancellationToken);
    }

    /// <summary>Waits until the given number of seeded orders has been handled.</summary>
    /// <returns>The time from the commit of the orders to the commit of the last effect.</returns>
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

    /// <summary>Runs until tiered compilation has settled; a cold process takes several times as long per message.</summary>
    public async Task WarmUpAsync(RunOptions options, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 5; i++)
        {
            await SeedAndDrainAsync(options.Scale(6_000), cancellationToken);
        }
    }

    /// <summary>Waits until <paramref name="count"/> more orders have been handled.</summary>
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

            // Counting competes with the measured processes for CPU time, so the interval grows with the row count.
            await Task.Delay(TimeSpan.FromMilliseconds(200 + (present / 100)), cancellationToken);
        }
    }

    /// <summary>Stops one of the workers; its messages go to the others.</summary>
    public async Task StopWorkerAsync()
    {
        var worker = workers.Pop();
        daemons.Remove(worker);
        await worker.StopAsync();
        await worker.DisposeAsync();
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
            foreach (var warning in Logs.FindWarnings(daemon.Log))
            {
                Report.Progress($"{contender.Name}: {warning}");
            }

            await daemon.DisposeAsync();
        }

        await Database.DisposeAsync();
        client.Dispose();
    }

    /// <returns>The address of the first process.</returns>
    private async Task<Uri> StartAsync(Role role, int count, CancellationToken cancellationToken)
    {
        var addresses = Enumerable.Range(0, count).Select(_ => new Uri($"http://127.0.0.1:{FreePort.Next()}/")).ToList();
        foreach (var address in addresses)
        {
            var daemon = contender.Start(role, new Dictionary<string, string>(environment) { ["ASPNETCORE_URLS"] = address.ToString() });
            daemons.Add(daemon);
            if (role == Role.Worker)
            {
                workers.Push(daemon);
            }

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
