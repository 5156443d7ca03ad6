using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Xunit;

namespace Shop.IntegrationTests;

// Listing dead letters holds them for a moment, so tests that list them must not run concurrently.
[Collection("Dead letters")]
public sealed class MessagingTests(Backend backend)
{
    [Fact]
    public async Task A_failed_message_is_retried()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: 1);

        await backend.PublishAsync([ping]);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
    }

    [Fact]
    public async Task A_scheduled_message_is_not_handled_before_its_due_time()
    {
        var ping = new Ping(Guid.NewGuid());
        var notBefore = DateTimeOffset.UtcNow.AddSeconds(3);

        await backend.PublishAsync([ping], notBefore);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
        Assert.InRange(Pings.Handled[ping.Id], notBefore, notBefore.AddSeconds(10));
    }

    [Fact]
    public async Task A_message_is_dead_lettered_after_its_last_attempt_and_can_be_replayed()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: 2);

        await backend.PublishAsync([ping]);

        string? id = null;
        await MessageSteps.WaitUntilAsync(async () => (id = await backend.FindDeadLetterAsync(ping.Id)) is not null);
        Assert.False(Pings.Handled.ContainsKey(ping.Id));
        Assert.Contains("Not yet.", await backend.RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
        await backend.RunDeadLettersAsync("replay", id!);
        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
        Assert.Null(await backend.FindDeadLetterAsync(ping.Id));
    }

    [Fact]
    public async Task A_failing_handler_does_not_block_other_handlers_of_the_message()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: int.MaxValue);

        await backend.PublishAsync([ping]);

        string? id = null;
        await MessageSteps.WaitUntilAsync(async () => (id = await backend.FindDeadLetterAsync(ping.Id)) is not null);
        Assert.True(Pings.Observed.ContainsKey(ping.Id));
        Assert.Contains("\"Consumer\": \"tests-ping\"", await backend.RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
        await backend.RunDeadLettersAsync("discard", id!);
        Assert.Null(await backend.FindDeadLetterAsync(ping.Id));
    }

    [Fact]
    public async Task A_poison_message_does_not_block_its_batch()
    {
        var poison = new BatchedPing(Guid.NewGuid(), Failures: int.MaxValue);
        var good = Enumerable.Range(0, 20).Select(_ => new BatchedPing(Guid.NewGuid())).ToList();

        await backend.PublishAsync([.. good[..10], poison, .. good[10..]]);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(good.TrueForAll(ping => Pings.Handled.ContainsKey(ping.Id))));
        Assert.False(Pings.Handled.ContainsKey(poison.Id));
    }

    [Theory]
    [InlineData("SaveChanges")]
    [InlineData("ExecuteUpdate")]
    [InlineData("ExecuteDelete")]
    public async Task A_handler_that_saves_changes_is_dead_lettered_without_retries(string call)
    {
        var ping = new SavingPing(Guid.NewGuid(), call);

        await backend.PublishAsync([ping]);

        string? id = null;
        await MessageSteps.WaitUntilAsync(async () => (id = await backend.FindDeadLetterAsync(ping.Id)) is not null);
        Assert.Contains($"{call} within a message handler", await backend.RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishing_a_message_that_is_too_large_throws() =>
        await Assert.ThrowsAsync<ArgumentException>(() => backend.PublishAsync([new LargePing(new string('x', 1024 * 1024))]));

    [Fact]
    public async Task Headers_and_trace_context_survive_retries_and_replay_and_correlate_published_messages()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: 2);
        using var request = new Activity("request") { TraceStateString = "vendor=1" }.Start();
        await backend.PublishAsync([ping], headers: new Dictionary<string, string> { ["tenant"] = "Zoë" });

        string? id = null;
        await MessageSteps.WaitUntilAsync(async () => (id = await backend.FindDeadLetterAsync(ping.Id)) is not null);
        Assert.Contains("\"tenant\": \"Zoë\"", await backend.RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
        await backend.RunDeadLettersAsync("replay", id!);
        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Echoes.ContainsKey(ping.Id)));

        var trace = request.TraceId.ToString();
        var attempts = Pings.Received.Where(received => received.Id == ping.Id).Select(received => received.Message).ToList();
        Assert.Equal(3, attempts.Count);
        Assert.All(attempts, message =>
        {
            Assert.Equal((Guid.Parse(id!), trace, null), (message.Id, message.CorrelationId, message.CausationId));
            Assert.Equal(("Zoë", "vendor=1"), (message.Headers["tenant"], message.Headers["tracestate"]));
            Assert.Contains(trace, message.Headers["traceparent"], StringComparison.Ordinal);
        });
        var echo = Pings.Echoes[ping.Id];
        Assert.Equal((trace, id, "vendor=1"), (echo.CorrelationId, echo.CausationId, echo.Headers["tracestate"]));
        Assert.Contains(trace, echo.Headers["traceparent"], StringComparison.Ordinal);
        Assert.DoesNotContain("tenant", echo.Headers.Keys);
    }

    [Fact]
    public async Task A_batch_handler_receives_the_headers_of_each_message()
    {
        var (first, second) = (new BatchedPing(Guid.NewGuid()), new BatchedPing(Guid.NewGuid()));

        await backend.PublishAsync([first], headers: new Dictionary<string, string> { ["number"] = "1" });
        await backend.PublishAsync([second], headers: new Dictionary<string, string> { ["number"] = "2" });

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(first.Id) && Pings.Handled.ContainsKey(second.Id)));
        Assert.All(Pings.Received.Where(received => received.Id == first.Id), received => Assert.Equal("1", received.Message.Headers["number"]));
        Assert.All(Pings.Received.Where(received => received.Id == second.Id), received => Assert.Equal("2", received.Message.Headers["number"]));
    }

    [Theory]
    [InlineData("", "a")]
    [InlineData("CC", "a")]
    [InlineData("x-attempts", "a")]
    [InlineData("correlation-id", "a")]
    [InlineData("tenant", "a\0b")]
    [InlineData("tenant", null)]
    public async Task Publishing_an_invalid_header_throws(string name, string? value) =>
        await Assert.ThrowsAsync<ArgumentException>(() => backend.PublishAsync(
            [new Ping(Guid.NewGuid())], headers: new Dictionary<string, string> { [name] = value ?? new string('x', 8 * 1024) }));

    [Fact]
    public async Task A_message_is_not_sent_if_its_transaction_is_rolled_back()
    {
        var ping = new Ping(Guid.NewGuid());
        await using var scope = backend.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
            scope.ServiceProvider.GetRequiredService<MessagePublisher>().Publish(ping);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        });

        var later = new Ping(Guid.NewGuid());
        await backend.PublishAsync([later]);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(later.Id)));
        Assert.False(Pings.Handled.ContainsKey(ping.Id));
    }
}
