using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Xunit;

namespace Shop.IntegrationTests;

[Collection("Dead letters")]
public sealed class DeadLetterTests(Backend backend)
{
    private static readonly string[] OfType = ["--type", "tests.poison-ping"];
    private static readonly string[] OfHandler = [.. OfType, "--handler", "tests-poison-ping"];

    private static string Tomorrow => $"{DateTimeOffset.UtcNow.AddDays(1):O}";

    [Fact]
    public async Task Dead_letters_are_filtered_by_type_handler_and_time_and_listed_newest_first()
    {
        var ids = await DeadLetterAsync(2);

        Assert.Equal([ids[0], ids[0]], await ListAsync("--limit", "2"));
        Assert.Equal(ids, await ListAsync("--handler", "tests-poison-ping"));
        Assert.Equal(ids[..1], await ListAsync("--handler", "tests-poison-ping", "--limit", "1"));
        Assert.Empty(await ListAsync("--handler", "tests-ping"));
        Assert.Empty(await backend.ListDeadLettersAsync("--type", "tests.unknown-type"));
        Assert.Empty(await ListAsync("--before", "2026-01-31"));
        Assert.Equal(4, (await ListAsync("--before", Tomorrow)).Length);
    }

    [Fact]
    public async Task Repeated_listing_finds_every_dead_letter()
    {
        await DeadLetterAsync(1);

        for (var run = 0; run < 50; run++)
        {
            Assert.Single(await backend.ListDeadLettersAsync(OfHandler));
        }
    }

    [Fact]
    public async Task Show_prints_the_details_of_a_dead_letter()
    {
        var id = Assert.Single(await DeadLetterAsync(1));

        var shown = await backend.RunDeadLettersAsync("show", id, "--handler", "tests-poison-ping");

        Assert.All(
            ["\"Consumer\": \"tests-poison-ping\"", "\"Type\": \"tests.poison-ping\"", "\"Attempts\": 1", "InvalidOperationException", "Never.", "PoisonPingHandler"],
            text => Assert.Contains(text, shown, StringComparison.Ordinal));
        Assert.DoesNotContain("tests-poison-ping-observer", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_selected_dead_letters_are_replayed()
    {
        var id = Guid.Parse(Assert.Single(await DeadLetterAsync(1)));

        Assert.StartsWith("No dead letters.", await backend.RunDeadLettersAsync(["replay", "--all", .. OfHandler, "--before", "2026-01-31"]), StringComparison.Ordinal);
        Assert.StartsWith("1 replayed.", await backend.RunDeadLettersAsync(["replay", "--all", .. OfHandler, "--before", Tomorrow]), StringComparison.Ordinal);

        await MessageSteps.WaitUntilAsync(async () => (await backend.ListDeadLettersAsync(OfHandler)).Length == 1);
        Assert.Equal(3, Pings.Received.Count(received => received.Message.Id == id));
    }

    [Fact]
    public async Task Only_the_selected_dead_letters_are_discarded()
    {
        var id = Assert.Single(await DeadLetterAsync(1));

        Assert.StartsWith("1 discarded.", await backend.RunDeadLettersAsync(["discard", "--all", .. OfHandler]), StringComparison.Ordinal);
        Assert.Equal([id], await ListAsync());
        Assert.StartsWith("1 discarded.", await backend.RunDeadLettersAsync("discard", id), StringComparison.Ordinal);
        Assert.Empty(await ListAsync());
    }

    [Theory]
    [InlineData]
    [InlineData("list", "id")]
    [InlineData("list", "--all")]
    [InlineData("list", "--limit", "0")]
    [InlineData("list", "--handler")]
    [InlineData("show")]
    [InlineData("show", "id", "--all")]
    [InlineData("replay", "--handler", "tests-poison-ping")]
    [InlineData("replay", "--all", "--limit", "1")]
    [InlineData("discard", "id", "--all")]
    [InlineData("discard", "--all", "--hander", "tests-poison-ping")]
    [InlineData("discard", "--all", "--before", "yesterday")]
    [InlineData("forget", "id")]
    public async Task An_invalid_command_prints_the_usage(params string[] command) =>
        Assert.StartsWith("dead-letters list", await backend.RunDeadLettersAsync(command), StringComparison.Ordinal);

    [Fact]
    public async Task Messages_that_the_broker_rejected_are_dead_letters_of_the_outbox()
    {
        await DeadLetterAsync(0);
        var (first, second) = (await RejectAsync(), await RejectAsync());

        Assert.Equal([second, first], await ListAsync("--handler", "outbox"));
        Assert.Equal([second], await ListAsync("--limit", "1"));
        Assert.Empty(await ListAsync("--handler", "tests-poison-ping"));
        Assert.Empty(await ListAsync("--before", "2026-01-31"));
        Assert.Contains("Too large.", await backend.RunDeadLettersAsync("show", first), StringComparison.Ordinal);
        Assert.StartsWith("1 discarded.", await backend.RunDeadLettersAsync("discard", first), StringComparison.Ordinal);
        Assert.StartsWith("1 replayed.", await backend.RunDeadLettersAsync(["replay", "--all", .. OfType, "--handler", "outbox", "--before", Tomorrow]), StringComparison.Ordinal);

        await MessageSteps.WaitUntilAsync(async () => (await ListAsync()).Length == 2);
        Assert.Equal([second], await ListAsync("--handler", "tests-poison-ping"));
        Assert.Empty(await ListAsync("--handler", "outbox"));
    }

    private async Task<string> RejectAsync()
    {
        var now = DateTimeOffset.UtcNow;
        await using var scope = backend.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var message = new OutboxMessage { Id = Guid.CreateVersion7(), Type = PoisonPing.MessageType, Body = $"{{\"id\":\"{Guid.NewGuid()}\"}}", CreatedAt = now, Error = "Too large.", FailedAt = now };
        db.Add(message);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return message.Id.ToString();
    }

    private Task<string[]> ListAsync(params string[] options) => backend.ListDeadLettersAsync([.. OfType, .. options]);

    // Discards the dead letters of earlier tests, then creates two for each ping, one per handler.
    private async Task<string[]> DeadLetterAsync(int pings)
    {
        await backend.RunDeadLettersAsync(["discard", "--all", .. OfType]);
        for (var count = 1; count <= pings; count++)
        {
            await backend.PublishAsync([new PoisonPing(Guid.NewGuid())]);
            await MessageSteps.WaitUntilAsync(async () => (await ListAsync()).Length == 2 * count);
        }

        return [.. (await ListAsync()).Distinct()];
    }
}
