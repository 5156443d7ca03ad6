using System.Net;
using ScalableTemplates.Tests.Degradation;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Hardening;

/// <summary>Reads and writes have places of their own.</summary>
[Collection("Hardening")]
public sealed class PlaceTests(ServersFixture servers)
{
    // More than for how long the newest is turned away rather than the one that has waited longest.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    [SkippableFact]
    public async Task While_writes_fill_their_places_reads_are_answered_one_more_is_turned_away_at_once_and_later_the_one_that_waits()
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
        // Who waits is to be turned away by the newest alone.
        backend.Set("LoadShedding__MaxQueueTime", "00:10:00");
        await backend.MigrateAsync();
        await backend.StartApiAsync();
        using var customer = new Customer(backend.Address);
        var product = await backend.GetProductIdAsync();
        Assert.Equal(HttpStatusCode.OK, (await customer.ReadProductAsync(product)).Status);

        Task<Answer>[] writes;
        Task<Answer> newest;
        await postgres.PauseAsync();
        try
        {
            // One has the place and waits for the database, one waits for the place.
            writes = [.. Enumerable.Range(0, 3).Select(_ => customer.PlaceAsync(Guid.NewGuid().ToString(), product))];
            var refused = await await Task.WhenAny(writes);
            var read = await customer.ReadProductAsync(product);

            AssertTurnedAway(refused);
            Assert.Equal(HttpStatusCode.OK, read.Status);
            Assert.Equal(1, writes.Count(write => write.IsCompleted));

            await Task.Delay(Patience);
            var others = writes.Where(write => !write.IsCompleted).ToList();
            newest = customer.PlaceAsync(Guid.NewGuid().ToString(), product);
            var gaveWay = await await Task.WhenAny([.. others, newest]);
            AssertTurnedAway(gaveWay);
            Assert.True(gaveWay.Took > Patience, $"{gaveWay.Took}");
            Assert.False(newest.IsCompleted);
            Assert.Equal(1, others.Count(write => write.IsCompleted));
        }
        finally
        {
            await postgres.ResumeAsync();
        }

        var answers = await Task.WhenAll(writes);
        Assert.Equal(1, answers.Count(answer => answer.Status == HttpStatusCode.Accepted));
        Assert.Equal(HttpStatusCode.Accepted, (await newest).Status);
    }

    // Who is given up at the request timeout is answered 503, too, but is told to come back later.
    private static void AssertTurnedAway(Answer answer) =>
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.Status, answer.RetryAfter));
}
