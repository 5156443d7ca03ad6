using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The services stage on a primary and a streaming standby, which is paused, killed and restarted.</summary>
[Collection("End to end")]
public sealed class ReplicaTests(ServersFixture servers) : IAsyncLifetime
{
    private const string TokenHeader = "Consistency-Token";

    private const string Connections =
        "SELECT string_agg(format('%s %s %s', pid, state, query), '; ') FROM pg_stat_activity WHERE datname LIKE 'db_%'";

    private static readonly TemplateOptions Options =
        TemplateOptions.Services.With(Dimension.Orchestrator, "none").With(Dimension.Replica, "streaming");

    private readonly PostgresServer primary = new();
    private readonly HttpClient client = new();
    private Guid? product;
    private PostgresServer? standby;
    private Backend? backend;

    private HttpClient Client
    {
        get
        {
            Skip.If(backend is null, ServersFixture.Missing);
            return client;
        }
    }

    private PostgresServer Standby
    {
        get
        {
            Skip.If(standby is null, ServersFixture.Missing);
            return standby!;
        }
    }

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            await primary.StartAsync();
            standby = await primary.StartStandbyAsync();
            var connectionStrings = await servers.GetConnectionStringsAsync();
            connectionStrings["database"] = await primary.CreateDatabaseAsync();
            connectionStrings["replica"] = standby.ConnectionString(new NpgsqlConnectionStringBuilder(connectionStrings["database"]).Database!);
            backend = new Backend(await BuiltSolution.GetAsync(Options), connectionStrings);
            await backend.MigrateAsync();
            await backend.StartApiAsync();
            client.BaseAddress = backend.Address;
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        }
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        if (backend is not null)
        {
            await backend.DisposeAsync();
        }

        if (standby is not null)
        {
            await standby.DisposeAsync();
        }

        await primary.DisposeAsync();
    }

    [SkippableFact]
    public async Task Reads_go_to_the_standby_and_writes_to_the_primary()
    {
        // Retries, as on a slow machine the API may have considered the standby unavailable.
        await UntilAsync(async () =>
        {
            await PlaceOrderAsync();
            await ListOrdersAsync();
            return await HasReadOrdersAsync(Standby) && !await HasReadOrdersAsync(primary);
        });
    }

    [SkippableFact]
    public async Task A_client_with_a_consistency_token_reads_its_write_before_the_standby_has_replayed_it()
    {
        // Retries, as on a slow machine the standby may have exceeded the maximum lag.
        await UntilAsync(async () =>
        {
            await UntilAsync(async () => await GetHealthAsync() == "Healthy");
            await ExecuteAsync(Standby, "SELECT pg_wal_replay_pause()");

            var (order, token) = await PlaceOrderAsync();
            var without = await GetStatusAsync(order);
            using (var own = await GetAsync(order, token))
            {
                Assert.Equal(HttpStatusCode.OK, own.StatusCode);
            }

            await ExecuteAsync(Standby, "SELECT pg_wal_replay_resume()");
            await UntilAsync(async () => await GetStatusAsync(order) == HttpStatusCode.OK);
            return without == HttpStatusCode.NotFound;
        });
    }

    [SkippableFact]
    public async Task A_read_whose_token_the_standby_has_reached_is_served_by_the_standby()
    {
        var (order, token) = await PlaceOrderAsync();

        // Many more than there are connections, so that a connection leak would exhaust the pool.
        foreach (var _ in Enumerable.Range(0, 300))
        {
            using var response = await GetAsync(order, token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await UntilAsync(async () =>
        {
            using var response = await GetAsync(order, token);
            return await HasReadOrdersAsync(Standby);
        });
    }

    [SkippableFact]
    public async Task A_lagging_standby_is_not_read_from()
    {
        await ExecuteAsync(Standby, "SELECT pg_wal_replay_pause()");
        var (order, _) = await PlaceOrderAsync();

        await UntilAsync(async () => await GetStatusAsync(order) == HttpStatusCode.OK);

        await UntilAsync(async () => await GetHealthAsync() == "Degraded");
        await ExecuteAsync(Standby, "SELECT pg_wal_replay_resume()");
        await UntilAsync(async () => await GetHealthAsync() == "Healthy");
    }

    /// <remarks>READ_YOUR_WRITES sets the number of writes, for long runs.</remarks>
    [SkippableFact]
    public async Task Clients_with_consistency_tokens_read_their_writes_on_a_busy_machine()
    {
        var writes = int.Parse(Environment.GetEnvironmentVariable("READ_YOUR_WRITES") ?? "300", CultureInfo.InvariantCulture);
        await PlaceOrderAsync();
        var stale = new ConcurrentQueue<string>();
        var found = 0;
        using var stop = new CancellationTokenSource();
        var disturbances = Task.WhenAll(
            [DelayReplayAsync(stop.Token), .. Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => KeepBusyAsync(stop.Token))]);

        bool isStandbyRead;
        // Repeated if the standby lagged so much that all reads went to the primary.
        var clock = Stopwatch.StartNew();
        do
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, writes), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
            {
                if (await TryPlaceOrderAsync() is not var (order, token))
                {
                    return;
                }

                using var response = await GetAsync(order, token);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    Interlocked.Increment(ref found);
                }
                else if (response.StatusCode == HttpStatusCode.NotFound)
                {
                    stale.Enqueue(
                        $"{order} with {token}: {await response.Content.ReadAsStringAsync(CancellationToken.None)}; saved {await ExecuteAsync(primary, "SELECT pg_current_wal_flush_lsn()")}, "
                        + $"replayed {await ExecuteAsync(Standby, "SELECT pg_last_wal_replay_lsn()")}, connections {await ExecuteAsync(Standby, Connections)}");
                }
            });
            isStandbyRead = await HasReadOrdersAsync(Standby);
        }
        while (!isStandbyRead && clock.Elapsed < Daemon.WaitTimeout);
        await stop.CancelAsync();
        await disturbances;

        Assert.True(stale.IsEmpty, string.Join('\n', stale) + backend!.ReadLogs());
        Assert.True(isStandbyRead);
        // The other requests were shed, as the machine was overloaded.
        Assert.True(found > writes / 4, $"Only {found} writes were read back.");
    }

    [SkippableFact]
    public async Task A_killed_standby_fails_no_request_and_is_read_from_again_after_its_restart()
    {
        await PlaceOrderAsync();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReadUntilAsync(stop.Token)));

        await Task.Delay(TimeSpan.FromSeconds(1));
        await Standby.KillAsync();
        await UntilAsync(async () => await GetHealthAsync() == "Degraded");
        await UntilAsync(() => HasReadOrdersAsync(primary));
        await Standby.RunAsync();
        await UntilAsync(async () => await GetHealthAsync() == "Healthy");
        await UntilAsync(() => HasReadOrdersAsync(Standby));

        await stop.CancelAsync();
        await load;
    }

    [SkippableFact]
    public async Task A_hanging_primary_does_not_end_reads_from_the_standby_although_its_latest_writes_were_not_sent()
    {
        await PlaceOrderAsync();
        var sender = await ExecuteAsync(primary, "SELECT pid FROM pg_stat_replication");
        (await Command.RunAsync("kill", ["-STOP", sender], "/", TimeSpan.FromMinutes(1))).EnsureSuccess();
        await PlaceOrderAsync();
        // The monitor measures once per second.
        await Task.Delay(TimeSpan.FromSeconds(3));
        await primary.PauseAsync();
        try
        {
            // Longer than the maximum lag.
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(15); await Task.Delay(200))
            {
                Assert.Equal(HttpStatusCode.OK, await GetStatusAsync(new Uri("v1/orders", UriKind.Relative)));
            }
        }
        finally
        {
            await primary.ResumeAsync();
        }

        await UntilAsync(async () => await GetHealthAsync() == "Healthy");
    }

    [SkippableFact]
    public async Task An_invalid_consistency_token_is_rejected()
    {
        using var response = await GetAsync(new Uri("v1/orders", UriKind.Relative), "nonsense");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Contains(TokenHeader, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_pools_of_both_servers_count_against_the_connection_budget()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        // 60 processes need at least 61 connections with one pool each, and 121 with two; the server allows 97.
        backend!.Set("Database__Processes", "60");

        await backend.StartFailingApiAsync();

        Assert.Contains("Too many database connections: 120 pools", backend.ReadLogs(), StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(Daemon.WaitTimeout);
        while (!await condition())
        {
            await Task.Delay(100, timeout.Token);
        }
    }

    /// <summary>Whether the last query on a connection of the API to the server read orders.</summary>
    private static async Task<bool> HasReadOrdersAsync(PostgresServer server) =>
        await ExecuteAsync(server, "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'db_%' AND query LIKE '%FROM orders%' AND pid <> pg_backend_pid()") != "0";

    private static async Task<string> ExecuteAsync(PostgresServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString("postgres") + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return (await command.ExecuteScalarAsync())?.ToString() ?? "";
    }

    private async Task<(Uri Order, string Token)> PlaceOrderAsync() =>
        await TryPlaceOrderAsync() ?? throw new InvalidOperationException("The order was not accepted.");

    /// <returns>Null if the request was shed.</returns>
    private async Task<(Uri Order, string Token)?> TryPlaceOrderAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/orders");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        product ??= await backend!.GetProductIdAsync();
        request.Content = JsonContent.Create(new
        {
            Email = "ada@example.com",
            PaymentMethod = "card",
            Lines = new[] { new { ProductId = product, Quantity = 2 } },
        });
        using var response = await Client.SendAsync(request);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (response.Headers.Location!, response.Headers.GetValues(TokenHeader).Single());
    }

    private async Task<string> GetHealthAsync()
    {
        using var response = await Client.GetAsync(new Uri("health", UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<HttpStatusCode> GetStatusAsync(Uri path)
    {
        using var response = await Client.GetAsync(path);
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> GetAsync(Uri path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(TokenHeader, token);
        return await Client.SendAsync(request);
    }

    private async Task ListOrdersAsync() => await Client.GetFromJsonAsync<JsonElement>("v1/orders");

    /// <summary>Repeatedly pauses and resumes replay on the standby, with much less lag than the maximum for reads.</summary>
    private async Task DelayReplayAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await ExecuteAsync(Standby, "SELECT pg_wal_replay_pause()");
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(300)), CancellationToken.None);
            await ExecuteAsync(Standby, "SELECT pg_wal_replay_resume()");
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(300)), CancellationToken.None);
        }
    }

    private static Task KeepBusyAsync(CancellationToken stop) => Task.Factory.StartNew(
        () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Thread.SpinWait(1000);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private async Task ReadUntilAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await ListOrdersAsync();
        }
    }
}
