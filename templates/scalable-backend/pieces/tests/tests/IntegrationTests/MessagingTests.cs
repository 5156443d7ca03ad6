using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Messaging;
using Xunit;

namespace ScalableBackend.IntegrationTests;

// Who lists dead letters holds them meanwhile.
[Collection("Dead letters")]
public sealed class MessagingTests(Backend backend)
{
    [Fact]
    public async Task A_failed_message_is_tried_again()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: 1);

        await backend.PublishAsync([ping]);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
    }

    [Fact]
    public async Task A_scheduled_message_waits_for_its_time()
    {
        var ping = new Ping(Guid.NewGuid());
        var notBefore = DateTimeOffset.UtcNow.AddSeconds(3);

        await backend.PublishAsync([ping], notBefore);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
        Assert.InRange(Pings.Handled[ping.Id], notBefore, notBefore.AddSeconds(10));
    }

    [Fact]
    public async Task A_message_that_was_given_up_is_in_the_dead_letters_until_it_is_replayed()
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
    public async Task A_handler_that_fails_does_not_hold_back_the_others_of_its_message()
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

#if (!HasRabbitMq)
    [Fact]
    public async Task A_message_that_this_version_has_no_handler_for_is_left_for_another_one()
    {
        var id = Guid.CreateVersion7();
        var now = DateTimeOffset.UtcNow;
        await using var scope = backend.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        db.Add(new OutboxMessage { Id = id, Type = "tests.of-the-next-version", Body = "{}", CreatedAt = now, DueAt = now });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);

        var later = new Ping(Guid.NewGuid());
        await backend.PublishAsync([later]);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(later.Id)));
        var left = await db.OutboxMessages.AsNoTracking().SingleAsync(message => message.Id == id, TestContext.Current.CancellationToken);
        Assert.Equal(0, left.Attempts);
        Assert.NotNull(left.DueAt);
    }

#endif
    [Fact]
    public async Task A_bad_message_does_not_hold_back_its_batch()
    {
        var bad = new BatchedPing(Guid.NewGuid(), Failures: int.MaxValue);
        var good = Enumerable.Range(0, 20).Select(_ => new BatchedPing(Guid.NewGuid())).ToList();

        await backend.PublishAsync([.. good[..10], bad, .. good[10..]]);

        await MessageSteps.WaitUntilAsync(() => Task.FromResult(good.TrueForAll(ping => Pings.Handled.ContainsKey(ping.Id))));
        Assert.False(Pings.Handled.ContainsKey(bad.Id));
    }

    [Theory]
    [InlineData("SaveChanges")]
    [InlineData("ExecuteUpdate")]
    [InlineData("ExecuteDelete")]
    public async Task A_handler_that_saves_by_itself_is_refused_and_not_retried(string call)
    {
        var ping = new SavingPing(Guid.NewGuid(), call);

        await backend.PublishAsync([ping]);

        string? id = null;
        await MessageSteps.WaitUntilAsync(async () => (id = await backend.FindDeadLetterAsync(ping.Id)) is not null);
        Assert.Contains($"{call} within a message handler", await backend.RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_refused_when_it_is_published() =>
        await Assert.ThrowsAsync<ArgumentException>(() => backend.PublishAsync([new LargePing(new string('x', 1024 * 1024))]));

    [Fact]
    public async Task What_travels_with_a_message_outlives_retries_and_replay_and_reaches_what_its_handler_publishes()
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
        var tries = Pings.Received.Where(received => received.Id == ping.Id).Select(received => received.Message).ToList();
        Assert.Equal(3, tries.Count);
        Assert.All(tries, message =>
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
    public async Task A_batch_handler_gets_what_travels_with_each_message()
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
    public async Task A_header_that_cannot_be_sent_is_refused_when_it_is_published(string name, string? value) =>
        await Assert.ThrowsAsync<ArgumentException>(() => backend.PublishAsync(
            [new Ping(Guid.NewGuid())], headers: new Dictionary<string, string> { [name] = value ?? new string('x', 8 * 1024) }));

    [Fact]
    public async Task A_message_whose_transaction_is_rolled_back_is_never_sent()
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
