using System.Diagnostics;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Two replicas of the API, each with an L1 cache, and a dedicated Redis that can be stopped.</summary>
[Collection("End to end")]
public sealed class CacheInvalidationTests(ServersFixture servers) : IAsyncLifetime
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

    private const int MaxAttempts = 10;

    // The expiration of L1 entries, plus some time for the requests.
    private static readonly TimeSpan LocalExpiration = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private readonly RedisServer redis = new();
    private string database = "";
    private Backend? first;
    private Backend? second;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            await redis.StartAsync();
            var connectionStrings = await servers.GetConnectionStringsAsync();
            database = connectionStrings["database"];
            connectionStrings["cache"] = redis.ConnectionString;
            var solution = await BuiltSolution.GetAsync(Options);
            first = new Backend(solution, connectionStrings);
            second = new Backend(solution, connectionStrings);
            await first.MigrateAsync();
            await first.StartApiAsync();
            await second.StartApiAsync();
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var backend in new[] { first, second })
        {
            if (backend is not null)
            {
                await backend.DisposeAsync();
            }
        }

        await redis.DisposeAsync();
    }

    [SkippableFact]
    public async Task A_change_invalidates_the_other_replica_before_its_cache_entry_expires()
    {
        Skip.If(first is null, ServersFixture.Missing);

        await AssertVisibleWithinAsync(LocalExpiration);
    }

    [SkippableFact]
    public async Task Without_Redis_a_change_is_accepted_and_visible_when_the_cache_entry_expires()
    {
        Skip.If(first is null, ServersFixture.Missing);
        await AssertVisibleWithinAsync(LocalExpiration);

        await redis.DisposeAsync();

        await AssertVisibleWithinAsync(LocalExpiration + Slack);

        // A restarted Redis must not serve stale values.
        await redis.StartAsync();
        await AssertVisibleWithinAsync(LocalExpiration);
    }

    [SkippableTheory]
    [InlineData("read-only")]
    [InlineData("full")]
    public async Task A_Redis_that_rejects_writes_is_bypassed_and_health_is_degraded(string state)
    {
        Skip.If(first is null, ServersFixture.Missing);
        await AssertVisibleWithinAsync(LocalExpiration);

        await AssertVisibleWithinAsync(LocalExpiration + Slack, () => redis.RefuseAsync(state), redis.AcceptAsync);
        await redis.RefuseAsync(state);
        await WaitForHealthAsync("Degraded");
        await AssertVisibleWithinAsync(LocalExpiration + Slack);

        await redis.AcceptAsync();
        await WaitForHealthAsync("Healthy");
        await AssertVisibleWithinAsync(LocalExpiration);
    }

    [SkippableFact]
    public async Task Without_Redis_thousands_of_changes_neither_flood_the_log_nor_saturate_the_CPU()
    {
        Skip.If(first is null, ServersFixture.Missing);
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            "INSERT INTO products (id, name, price) SELECT gen_random_uuid(), 'Cup', 5 FROM generate_series(1, 1000) RETURNING id");
        var products = new List<Guid>();
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                products.Add(reader.GetGuid(0));
            }
        }

        await redis.KillAsync();
        await Parallel.ForEachAsync(products, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (product, _) =>
        {
            await first!.ChangePriceAsync(product, 6);
            Assert.Equal(6, await first.GetPriceAsync(product));
        });

        await WaitForHealthAsync("Degraded");
        // On a busy machine, code of the load before is still compiled.
        var used = TimeSpan.MaxValue;
        for (var attempt = 1; attempt <= 3 && used >= TimeSpan.FromSeconds(4); attempt++)
        {
            var before = first!.Api.ProcessorTime;
            // Long enough for several retries of all failed operations.
            await Task.Delay(TimeSpan.FromSeconds(20));
            used = first.Api.ProcessorTime - before;
        }

        Assert.True(used < TimeSpan.FromSeconds(4), $"{used}");
        Assert.InRange(first!.ReadLogs().Split('\n').Count(line => line.Contains("Could not write to Redis", StringComparison.Ordinal)), 1, 2);
        Assert.InRange(first.ReadLogs().Length, 0, 100_000);
    }

    [SkippableFact]
    public async Task A_replica_started_without_Redis_receives_invalidations_once_Redis_is_up()
    {
        Skip.If(first is null, ServersFixture.Missing);
        await redis.KillAsync();
        await second!.KillApiAsync();
        await second.StartApiAsync("Degraded");

        await redis.StartAsync();

        await WaitForHealthAsync("Healthy");
        await AssertVisibleWithinAsync(LocalExpiration);
    }

    private async Task WaitForHealthAsync(string status)
    {
        foreach (var backend in new[] { first!, second! })
        {
            await backend.WaitUntilAsync(async () => await backend.GetHealthAsync() == status);
        }
    }

    // One fast attempt is enough, as other load on the machine only adds time.
    private async Task AssertVisibleWithinAsync(TimeSpan bound, Func<Task>? inject = null, Func<Task>? recover = null)
    {
        var times = new List<TimeSpan>();
        do
        {
            Assert.True(times.Count < MaxAttempts, $"The change was visible after {string.Join(", ", times)}.");
            times.Add(await MeasureStalenessAsync(inject));
            await (recover?.Invoke() ?? Task.CompletedTask);
        }
        while (times[^1] >= bound);
    }

    /// <returns>The time from before the other replica cached the old value until it returned the new one.</returns>
    private async Task<TimeSpan> MeasureStalenessAsync(Func<Task>? inject)
    {
        var product = await first!.GetProductIdAsync();
        // An entry that was cached earlier would expire too soon.
        await Task.Delay(LocalExpiration);
        var since = Stopwatch.StartNew();
        var price = await second!.GetPriceAsync(product) + 1;
        await first.GetPriceAsync(product);
        await (inject?.Invoke() ?? Task.CompletedTask);
        await first.ChangePriceAsync(product, price);
        Assert.Equal(price, await first.GetPriceAsync(product));
        while (await second.GetPriceAsync(product) != price)
        {
            Assert.True(since.Elapsed < TimeSpan.FromMinutes(3), "The change was never seen.");
            await Task.Delay(10);
        }

        return since.Elapsed;
    }
}
