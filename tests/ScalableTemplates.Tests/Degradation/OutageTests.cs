using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Hanging servers and locked tables delay neither probes nor, once detected, requests.</summary>
[Collection("Hardening")]
public sealed class OutageTests(ServersFixture servers) : IAsyncLifetime
{
    // The default timeout of a Kubernetes probe.
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    private readonly PostgresServer postgres = new();
    private readonly RedisServer redis = new();
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromMinutes(2) };
    private string database = "";
    private Backend? backend;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is not null)
        {
            return;
        }

        await Task.WhenAll(postgres.StartAsync(), redis.StartAsync());
        database = await postgres.CreateDatabaseAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["database"] = database;
        connectionStrings["cache"] = redis.ConnectionString;
        backend = new Backend(await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none")), connectionStrings);
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        await backend.WaitUntilAsync(async () => await backend.GetHealthAsync() == "Healthy");
        client.BaseAddress = backend.Address;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
    }

    public async Task DisposeAsync()
    {
        await (backend?.DisposeAsync() ?? ValueTask.CompletedTask);
        await postgres.DisposeAsync();
        await redis.DisposeAsync();
        client.Dispose();
    }

    [SkippableTheory]
    [InlineData("PostgreSQL")]
    [InlineData("Redis")]
    public async Task Probes_respond_from_memory_while_a_server_hangs(string server)
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await (server == "Redis" ? redis.PauseAsync() : postgres.PauseAsync());
        try
        {
            await AssertProbesAreFastAsync();
            await backend!.WaitUntilAsync(async () => await GetHealthAsync() == "Degraded");
            await AssertProbesAreFastAsync();
        }
        finally
        {
            await (server == "Redis" ? redis.ResumeAsync() : postgres.ResumeAsync());
        }

        await backend!.WaitUntilAsync(async () => await GetHealthAsync() == "Healthy");
    }

    [SkippableFact]
    public async Task A_locked_table_and_the_requests_waiting_for_it_leave_the_process_healthy()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("LOCK TABLE products", connection, transaction);
        await command.ExecuteNonQueryAsync();

        var waiting = Task.WhenAll(Enumerable.Range(0, 41).Select(_ => GetAsync("v1/products")));
        await AssertProbesAreFastAsync(GetHealthAsync, "Healthy");
        await transaction.RollbackAsync();

        await waiting;
    }

    [SkippableTheory]
    [InlineData("down")]
    [InlineData("hanging")]
    public async Task Requests_fail_fast_while_the_database_is(string fault)
    {
        Skip.If(backend is null, ServersFixture.Missing);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("v1/products")).Status);
        await (fault == "down" ? postgres.KillAsync() : postgres.PauseAsync());
        await backend!.WaitUntilAsync(async () => await GetHealthAsync() == "Degraded");
        // Waits for requests that began before the circuit breaker opened.
        await GetAsync("v1/products");

        // Several rounds, as some requests are shed before they need the database.
        for (var round = 0; round < 3; round++)
        {
            var responses = await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => GetAsync("v1/products")));
            Assert.All(responses, response => Assert.Equal(HttpStatusCode.ServiceUnavailable, response.Status));
            Assert.All(responses, response => Assert.True(response.HasRetryAfter));
        }

        // A request that waits for timeouts and retries takes 15 seconds. The fastest counts, as other load on the machine only adds time.
        var fastest = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var took = (await GetAsync("v1/products")).Took;
            fastest = took < fastest ? took : fastest;
        }

        Assert.True(fastest < TimeSpan.FromMilliseconds(500), $"{fastest}");
        await (fault == "down" ? postgres.RunAsync() : postgres.ResumeAsync());
        await backend.WaitUntilAsync(async () => (await GetAsync("v1/products")).Status == HttpStatusCode.OK);
        await backend.WaitUntilAsync(async () => await GetHealthAsync() == "Healthy");
    }

    private async Task<string> GetHealthAsync() => await client.GetStringAsync(new Uri("health", UriKind.Relative));

    private async Task<(HttpStatusCode Status, bool HasRetryAfter, TimeSpan Took)> GetAsync(string path)
    {
        var clock = Stopwatch.StartNew();
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        return (response.StatusCode, response.Headers.RetryAfter is not null, clock.Elapsed);
    }

    private Task AssertProbesAreFastAsync() => AssertProbesAreFastAsync(GetHealthAsync, status: null);

    // Each series lasts longer than a health check with its timeout. One fast series is enough, as other load on the machine only adds time.
    private static async Task AssertProbesAreFastAsync(Func<Task<string>> probe, string? status)
    {
        var slowest = new List<TimeSpan>();
        do
        {
            slowest.Add(TimeSpan.Zero);
            for (var attempt = 0; attempt < 20; attempt++)
            {
                var clock = Stopwatch.StartNew();
                var response = await probe();
                slowest[^1] = clock.Elapsed > slowest[^1] ? clock.Elapsed : slowest[^1];
                Assert.Equal(status ?? response, response);
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }
        while (slowest[^1] >= ProbeTimeout && slowest.Count < 10);

        Assert.True(slowest[^1] < ProbeTimeout, string.Join(", ", slowest));
    }
}
