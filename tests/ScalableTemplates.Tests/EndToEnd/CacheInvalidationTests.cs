using System.Diagnostics;
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
    private Backend? first;
    private Backend? second;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            await redis.StartAsync();
            var connectionStrings = await servers.GetConnectionStringsAsync();
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

    // Other work of the machine only ever adds time, so one try in time is enough.
    private async Task AssertSeenWithinAsync(TimeSpan bound)
    {
        var times = new List<TimeSpan>();
        do
        {
            Assert.True(times.Count < MostTries, $"The change was seen after {string.Join(", ", times)}.");
            times.Add(await MeasureStalenessAsync());
        }
        while (times[^1] >= bound);
    }

    /// <returns>From before the other replica had the old value in its memory until it answered with the new one.</returns>
    private async Task<TimeSpan> MeasureStalenessAsync()
    {
        var product = await first!.GetProductIdAsync();
        // What is in its memory from before would expire too soon.
        await Task.Delay(LocalExpiration);
        var since = Stopwatch.StartNew();
        var price = await second!.GetPriceAsync(product) + 1;
        await first.GetPriceAsync(product);
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
