using System.Diagnostics;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Two replicas of the API, each with a memory of its own, and a Redis that these tests may stop.</summary>
[Collection("End to end")]
public sealed class CacheInvalidationTests(ServersFixture servers) : IAsyncLifetime
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

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
    public async Task A_change_is_seen_by_the_other_replica_long_before_its_memory_expires()
    {
        Skip.If(first is null, ServersFixture.Missing);

        Assert.InRange(await MeasureStalenessAsync(price: 11), TimeSpan.Zero, LocalExpiration / 2);
    }

    [SkippableFact]
    public async Task Without_Redis_a_change_is_accepted_and_seen_when_the_memory_expires()
    {
        Skip.If(first is null, ServersFixture.Missing);
        await MeasureStalenessAsync(price: 21);

        await redis.DisposeAsync();

        Assert.InRange(await MeasureStalenessAsync(price: 22), TimeSpan.Zero, LocalExpiration + Slack);

        // Back again, it has forgotten nothing old that could come up.
        await redis.StartAsync();
        await Task.Delay(LocalExpiration);
        Assert.InRange(await MeasureStalenessAsync(price: 23), TimeSpan.Zero, LocalExpiration / 2);
    }

    private async Task<TimeSpan> MeasureStalenessAsync(decimal price)
    {
        var product = await first!.GetProductIdAsync();
        await first.GetPriceAsync(product);
        await second!.GetPriceAsync(product);
        await first.ChangePriceAsync(product, price);
        var since = Stopwatch.StartNew();
        Assert.Equal(price, await first.GetPriceAsync(product));
        while (await second.GetPriceAsync(product) != price)
        {
            Assert.True(since.Elapsed < TimeSpan.FromMinutes(1), "The change was never seen.");
            await Task.Delay(10);
        }

        return since.Elapsed;
    }
}
