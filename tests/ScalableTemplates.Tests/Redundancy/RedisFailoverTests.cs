using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>A Redis replica takes over from its primary. The connection string lists both.</summary>
[Collection("Faults")]
public sealed class RedisFailoverTests(ITestOutputHelper output)
{
    private const int MaxAttempts = 10;

    // docs/caching.md of the output.
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LocalExpiration = TimeSpan.FromSeconds(4);

    [SkippableFact]
    public async Task A_promoted_replica_serves_cache_invalidations_and_rate_limits()
    {
        RedisServer? replica = null;
        try
        {
            await FaultScenario.RunAsync(
                output,
                "Redis killed, replica promoted",
                async run =>
                {
                    replica = await run.Redis.StartReplicaAsync();
                    run.ConnectionStrings["cache"] = $"127.0.0.1:{replica.Port},{run.Redis.ConnectionString}";
                },
                async run =>
                {
                    var product = await run.Backend.GetProductIdAsync();
                    await run.Redis.KillAsync();
                    await replica!.PromoteAsync();
                    var clock = Stopwatch.StartNew();
                    output.WriteLine($"Stale for {(await ChangeAsync(run, product, MaxStaleness)).TotalSeconds:0.0} s during the failover");

                    await run.Backend.WaitUntilAsync(async () =>
                        await GetAsync(run, 0, "health") == "Healthy" && await GetAsync(run, 1, "health") == "Healthy");
                    output.WriteLine($"Used again {clock.Elapsed.TotalSeconds:0.0} s after the promotion");
                    output.WriteLine($"Stale for {(await ChangeAsync(run, product, LocalExpiration / 2)).TotalSeconds:0.0} s afterwards");
                    Assert.True(await replica.HasKeyAsync($"product:{product}"));
                    Assert.True(await replica.HasKeyAsync("rate-limit:*"));
                });
        }
        finally
        {
            await (replica?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    // Changes a price at one replica until the other shows it in time; on a busy machine, not every attempt is fast enough.
    private static async Task<TimeSpan> ChangeAsync(FaultRun run, Guid product, TimeSpan limit)
    {
        for (var attempt = 1; ; attempt++)
        {
            await GetAsync(run, 1, $"v1/products/{product}");
            var price = Random.Shared.Next(1, 100_000);
            await run.Backend.ChangePriceAsync(product, price);
            var clock = Stopwatch.StartNew();
            while (JsonElement.Parse(await GetAsync(run, 1, $"v1/products/{product}")).GetProperty("price").GetDecimal() != price)
            {
                await Task.Delay(20);
            }

            if (clock.Elapsed < limit)
            {
                return clock.Elapsed;
            }

            Assert.True(attempt < MaxAttempts, $"Stale for {clock.Elapsed}.");
        }
    }

    private static async Task<string> GetAsync(FaultRun run, int api, string path)
    {
        using var client = new HttpClient { BaseAddress = run.Backend.AddressOf(api) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token.Create());
        using var response = await client.GetAsync(path);
        return await response.Content.ReadAsStringAsync();
    }
}
