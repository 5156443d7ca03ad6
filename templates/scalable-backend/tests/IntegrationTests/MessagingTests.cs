using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;
using ScalableBackend.Core.Messaging;
using Xunit;

namespace ScalableBackend.IntegrationTests;

public sealed class MessagingTests(Backend backend)
{
    [Fact]
    public async Task A_failed_message_is_tried_again()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: 1);

        await PublishAsync([ping]);

        await WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
    }

    [Fact]
    public async Task A_scheduled_message_waits_for_its_time()
    {
        var ping = new Ping(Guid.NewGuid());
        var notBefore = DateTimeOffset.UtcNow.AddSeconds(3);

        await PublishAsync([ping], notBefore);

        await WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
        Assert.InRange(Pings.Handled[ping.Id], notBefore, notBefore.AddSeconds(10));
    }

    [Fact]
    public async Task A_message_that_was_given_up_is_in_the_dead_letters_until_it_is_replayed()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: 2);

        await PublishAsync([ping]);

        string? id = null;
        await WaitUntilAsync(async () => (id = await FindDeadLetterAsync(ping.Id)) is not null);
        Assert.False(Pings.Handled.ContainsKey(ping.Id));
        Assert.Contains("Not yet.", await RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
        await RunDeadLettersAsync("replay", id!);
        await WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(ping.Id)));
        Assert.Null(await FindDeadLetterAsync(ping.Id));
    }

    [Fact]
    public async Task A_handler_that_fails_does_not_hold_back_the_others_of_its_message()
    {
        var ping = new Ping(Guid.NewGuid(), Failures: int.MaxValue);

        await PublishAsync([ping]);

        string? id = null;
        await WaitUntilAsync(async () => (id = await FindDeadLetterAsync(ping.Id)) is not null);
        Assert.True(Pings.Observed.ContainsKey(ping.Id));
        Assert.Contains("\"Consumer\": \"tests-ping\"", await RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
        await RunDeadLettersAsync("discard", id!);
        Assert.Null(await FindDeadLetterAsync(ping.Id));
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
        await PublishAsync([later]);

        await WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(later.Id)));
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

        await PublishAsync([.. good[..10], bad, .. good[10..]]);

        await WaitUntilAsync(() => Task.FromResult(good.TrueForAll(ping => Pings.Handled.ContainsKey(ping.Id))));
        Assert.False(Pings.Handled.ContainsKey(bad.Id));
    }

    [Fact]
    public async Task A_handler_that_saves_by_itself_is_refused_and_not_retried()
    {
        var ping = new SavingPing(Guid.NewGuid());

        await PublishAsync([ping]);

        string? id = null;
        await WaitUntilAsync(async () => (id = await FindDeadLetterAsync(ping.Id)) is not null);
        Assert.Contains("SaveChanges within a message handler", await RunDeadLettersAsync("show", id!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_refused_when_it_is_published() =>
        await Assert.ThrowsAsync<ArgumentException>(() => PublishAsync([new LargePing(new string('x', 1024 * 1024))]));

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
        await PublishAsync([later]);

        await WaitUntilAsync(() => Task.FromResult(Pings.Handled.ContainsKey(later.Id)));
        Assert.False(Pings.Handled.ContainsKey(ping.Id));
    }

    private async Task PublishAsync<TMessage>(IReadOnlyList<TMessage> messages, DateTimeOffset? notBefore = null)
        where TMessage : IMessage
    {
        await using var scope = backend.Services.CreateAsyncScope();
        var publisher = scope.ServiceProvider.GetRequiredService<MessagePublisher>();
        foreach (var message in messages)
        {
            publisher.Publish(message, notBefore);
        }

        await scope.ServiceProvider.GetRequiredService<AppDbContext>().SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private async Task<string?> FindDeadLetterAsync(Guid ping)
    {
        foreach (var line in (await RunDeadLettersAsync("list")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var id = line.Split(' ')[0];
            if ((await RunDeadLettersAsync("show", id)).Contains(ping.ToString(), StringComparison.Ordinal))
            {
                return id;
            }
        }

        return null;
    }

    private async Task<string> RunDeadLettersAsync(params string[] command)
    {
        await using var output = new StringWriter();
        await backend.WorkerServices.RunDeadLettersAsync(command, output, TestContext.Current.CancellationToken);
        return output.ToString();
    }

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(50, timeout.Token);
        }
    }
}
