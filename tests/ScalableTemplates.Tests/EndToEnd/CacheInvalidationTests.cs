using System.Diagnostics;
using Npgsql;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Two replicas of the API, each with a memory of its own, and a Redis that these tests may stop.</summary>
[Collection("End to end")]
public sealed class CacheInvalidationTests(ServersFixture servers) : IAsyncLifetime
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

    private const int MostTries = 10;

    // As long as the memory of a process keeps a value at most, and some time for the requests around it.
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
    public async Task A_change_is_seen_by_the_other_replica_before_its_memory_expires()
    {
        Skip.If(first is null, ServersFixture.Missing);

        await AssertSeenWithinAsync(LocalExpiration);
    }

    [SkippableFact]
    public async Task Without_Redis_a_change_is_accepted_and_seen_when_the_memory_expires()
    {
        Skip.If(first is null, ServersFixture.Missing);
        await AssertSeenWithinAsync(LocalExpiration);

        await redis.DisposeAsync();

        await AssertSeenWithinAsync(LocalExpiration + Slack);

        // Back again, it has forgotten nothing old that could come up.
        await redis.StartAsync();
        await AssertSeenWithinAsync(LocalExpiration);
    }

    [SkippableTheory]
    [InlineData("read-only")]
    [InlineData("full")]
    public async Task A_Redis_that_refuses_writes_is_bypassed_and_the_health_is_degraded(string state)
    {
        Skip.If(first is null, ServersFixture.Missing);
        await AssertSeenWithinAsync(LocalExpiration);

        await AssertSeenWithinAsync(LocalExpiration + Slack, () => redis.RefuseAsync(state), redis.AcceptAsync);
        await redis.RefuseAsync(state);
        await WaitForHealthAsync("Degraded");
        await AssertSeenWithinAsync(LocalExpiration + Slack);

        await redis.AcceptAsync();
        await WaitForHealthAsync("Healthy");
        await AssertSeenWithinAsync(LocalExpiration);
    }

    [SkippableFact]
    public async Task Without_Redis_thousands_of_changes_cost_neither_a_flood_of_logs_nor_the_processor()
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
        // Time in which all that fails is tried again several times.
        var before = first!.Api.ProcessorTime;
        await Task.Delay(TimeSpan.FromSeconds(20));
        Assert.True(first.Api.ProcessorTime - before < TimeSpan.FromSeconds(4), $"{first.Api.ProcessorTime - before}");
        Assert.InRange(first.ReadLogs().Split('\n').Count(line => line.Contains("Could not write to Redis", StringComparison.Ordinal)), 1, 2);
        Assert.InRange(first.ReadLogs().Length, 0, 100_000);
    }

    [SkippableFact]
    public async Task A_replica_that_started_without_Redis_learns_of_changes_once_it_is_there()
    {
        Skip.If(first is null, ServersFixture.Missing);
        await redis.KillAsync();
        await second!.KillApiAsync();
        await second.StartApiAsync("Degraded");

        await redis.StartAsync();

        await WaitForHealthAsync("Healthy");
        await AssertSeenWithinAsync(LocalExpiration);
    }

    private async Task WaitForHealthAsync(string status)
    {
        foreach (var backend in new[] { first!, second! })
        {
            await backend.WaitUntilAsync(async () => await backend.GetHealthAsync() == status);
        }
    }

    // Other work of the machine only ever adds time, so one try in time is enough.
    private async Task AssertSeenWithinAsync(TimeSpan bound, Func<Task>? @break = null, Func<Task>? mend = null)
    {
        var times = new List<TimeSpan>();
        do
        {
            Assert.True(times.Count < MostTries, $"The change was seen after {string.Join(", ", times)}.");
            times.Add(await MeasureStalenessAsync(@break));
            await (mend?.Invoke() ?? Task.CompletedTask);
        }
        while (times[^1] >= bound);
    }

    /// <returns>From before the other replica had the old value in its memory until it answered with the new one.</returns>
    private async Task<TimeSpan> MeasureStalenessAsync(Func<Task>? @break)
    {
        var product = await first!.GetProductIdAsync();
        // What is in its memory from before would expire too soon.
        await Task.Delay(LocalExpiration);
        var since = Stopwatch.StartNew();
        var price = await second!.GetPriceAsync(product) + 1;
        await first.GetPriceAsync(product);
        await (@break?.Invoke() ?? Task.CompletedTask);
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
