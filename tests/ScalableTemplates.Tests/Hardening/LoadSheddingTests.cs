using System.Net;
using ScalableTemplates.Tests.Degradation;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Reads and writes have separate concurrency limits and queues.</summary>
[Collection("Hardening")]
public sealed class LoadSheddingTests(ServersFixture servers)
{
    // Longer than the time during which a full queue rejects the newest request rather than the oldest.
    private static readonly TimeSpan NewestFirstTime = TimeSpan.FromMilliseconds(100);

    [SkippableFact]
    public async Task A_full_write_queue_rejects_the_newest_write_then_the_oldest_and_never_blocks_reads()
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        await using var postgres = new PostgresServer();
        await postgres.StartAsync();
        var connectionStrings = await servers.GetConnectionStringsAsync();
        connectionStrings["database"] = await postgres.CreateDatabaseAsync();
        var solution = await BuiltSolution.GetAsync(TemplateOptions.Services.With(Dimension.Orchestrator, "none"));
        await using var backend = new Backend(solution, connectionStrings);
        backend.Set("LoadShedding__MaxConcurrentWrites", "1");
        backend.Set("LoadShedding__MaxQueueLength", "1");
        // Queued requests must not time out during the test.
        backend.Set("LoadShedding__MaxQueueTime", "00:10:00");
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        using var client = new ShopClient(backend.Address);
        var product = await backend.GetProductIdAsync();
        Assert.Equal(HttpStatusCode.OK, (await client.ReadProductAsync(product)).Status);

        Task<TimedResponse>[] writes;
        Task<TimedResponse> newest;
        await postgres.PauseAsync();
        try
        {
            // One is admitted and waits for the database, one is queued, one is rejected.
            writes = [.. Enumerable.Range(0, 3).Select(_ => client.PlaceAsync(Guid.NewGuid().ToString(), product))];
            var rejected = await await Task.WhenAny(writes);
            var read = await client.ReadProductAsync(product);

            AssertShed(rejected);
            Assert.Equal(HttpStatusCode.OK, read.Status);
            Assert.Equal(1, writes.Count(write => write.IsCompleted));

            await Task.Delay(NewestFirstTime);
            var others = writes.Where(write => !write.IsCompleted).ToList();
            newest = client.PlaceAsync(Guid.NewGuid().ToString(), product);
            var shed = await await Task.WhenAny([.. others, newest]);
            AssertShed(shed);
            Assert.True(shed.Took > NewestFirstTime, $"{shed.Took}");
            Assert.False(newest.IsCompleted);
            Assert.Equal(1, others.Count(write => write.IsCompleted));
        }
        finally
        {
            await postgres.ResumeAsync();
        }

        var responses = await Task.WhenAll(writes);
        Assert.Equal(1, responses.Count(response => response.Status == HttpStatusCode.Accepted));
        Assert.Equal(HttpStatusCode.Accepted, (await newest).Status);
    }

    // A request timeout is a 503 as well, but with a longer Retry-After.
    private static void AssertShed(TimedResponse response) =>
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (response.Status, response.RetryAfter));
}
