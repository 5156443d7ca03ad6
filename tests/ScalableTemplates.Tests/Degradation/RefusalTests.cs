using System.Diagnostics;
using System.Text;
using Npgsql;
using RabbitMQ.Client;
using ScalableTemplates.Tests.EndToEnd;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Degradation;

/// <summary>Messaging while a dependency refuses operations: read-only database, memory alarm, deleted queue, message too large.</summary>
[Collection("Faults")]
public sealed class RefusalTests(RunningShop shop, ITestOutputHelper output) : IClassFixture<RunningShop>, IAsyncLifetime
{
    private const string Charging = "charge-payment";
    private const string Confirming = "send-confirmation";

    // Messages in progress when the fault occurs are repeated: at most the maximum concurrency of both consumers.
    private const int InFlight = 2 * 8;

    private Guid product;
    private IConnection? connection;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            product = await shop.Backend.GetProductIdAsync();
            connection = await new ConnectionFactory { Uri = new Uri(shop.Broker) }.CreateConnectionAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task A_read_only_database_consumes_no_attempts_and_repeats_no_payments()
    {
        const int Count = 60;
        var (logged, requests, mails) = (shop.Backend.WorkerLog.Length, shop.Payments.Requests, shop.Mails.Repeats);
        var orders = await PlaceWithoutWorkerAsync(Count);
        var (inject, recover) = shop.Fault("PostgreSQL", "refusing");
        await inject();
        try
        {
            await shop.Backend.ResumeWorkerAsync();
            await shop.WaitUntilAsync(async () => await shop.Backend.GetWorkerHealthAsync() != "Healthy");
            await Task.Delay(TimeSpan.FromSeconds(20));
        }
        finally
        {
            await recover();
        }

        var meanwhile = shop.Payments.Requests - requests;
        await WaitForAsync(orders, "Confirmed");
        output.WriteLine($"{meanwhile} provider calls during the fault, {shop.Payments.Requests - requests} in total for {Count} orders");
        Assert.InRange(meanwhile, 0, InFlight);
        Assert.InRange(shop.Payments.Requests - requests, Count, Count + InFlight);
        Assert.Equal(mails, shop.Mails.Repeats);
        Assert.DoesNotContain(orders.Select(order => shop.Mails.Orders.Count(mailed => mailed == order)), count => count != 1);
        await AssertNoDeadLettersAsync();
        var log = shop.Backend.WorkerLog[logged..];
        Assert.DoesNotContain("retrying in", log, StringComparison.Ordinal);
        Assert.Single(log.Split('\n'), line => line.Contains($"{Charging} paused: the database is unavailable", StringComparison.Ordinal));
        await WaitForHealthyWorkerAsync();
    }

    [SkippableFact]
    public async Task A_deleted_queue_is_redeclared_and_consumed()
    {
        await using (var channel = await connection!.CreateChannelAsync())
        {
            await channel.QueueDeleteAsync(Charging);
        }

        await WaitForAsync([await PlaceAsync()], "Confirmed");
        await WaitForHealthyWorkerAsync();
    }

    [SkippableFact]
    public async Task A_broker_with_a_memory_alarm_is_drained_and_receives_the_rest_once_the_alarm_clears()
    {
        var orders = await PlaceWithoutWorkerAsync(300);
        var (inject, recover) = shop.Fault("RabbitMQ", "refusing");
        await inject();
        try
        {
            await shop.Backend.ResumeWorkerAsync();
            await shop.WaitUntilAsync(async () => (await shop.GetQueuesAsync())[Charging] == 0);
            orders.Add(await PlaceAsync());
            await shop.WaitUntilAsync(async () => await shop.Client.GetHealthAsync() == "Degraded");
        }
        finally
        {
            await recover();
        }

        await WaitForAsync(orders, "Confirmed");
        await AssertNoDeadLettersAsync();
        await WaitForHealthyWorkerAsync();
    }

    [SkippableFact]
    public async Task A_message_too_large_for_the_broker_is_dead_lettered_and_the_others_are_published()
    {
        var (inject, recover) = shop.Fault("RabbitMQ", "down");
        var orders = new List<Guid>();
        Guid oversized;
        await inject();
        try
        {
            oversized = await AddToOutboxAsync("orders.placed", $"\"{new string('x', 2 * RunningShop.MaxMessageBytes)}\"");
            for (var count = 0; count < 60; count++)
            {
                orders.Add(await PlaceAsync());
            }
        }
        finally
        {
            await recover();
        }

        await WaitForAsync(orders, "Confirmed");
        await shop.WaitUntilAsync(async () => (await QueryAsync<string?>($"SELECT error FROM outbox_messages WHERE id = '{oversized}' AND due_at IS NULL")) is { } error
            && error.Contains("size", StringComparison.Ordinal));
        Assert.Contains("\"Consumer\": \"outbox\"", (await shop.Backend.RunWorkerAsync("dead-letters", "show", $"{oversized}")).EnsureSuccess().Output, StringComparison.Ordinal);
        Assert.Contains("1 replayed.", (await shop.Backend.RunWorkerAsync("dead-letters", "replay", $"{oversized}")).EnsureSuccess().Output, StringComparison.Ordinal);
        await shop.WaitUntilAsync(async () => await QueryAsync<DateTime?>($"SELECT failed_at FROM outbox_messages WHERE id = '{oversized}' AND due_at IS NULL") is not null);
        Assert.Contains("1 discarded.", (await shop.Backend.RunWorkerAsync("dead-letters", "discard", "--all", "--handler", "outbox")).EnsureSuccess().Output, StringComparison.Ordinal);
        await WaitForHealthyWorkerAsync();
    }

    [SkippableFact]
    public async Task Messages_held_by_crashed_workers_are_redelivered_unless_they_crash_the_worker_on_every_attempt()
    {
        var charged = shop.Payments.Charges.Count();
        await shop.Backend.KillWorkerAsync();
        var orders = new List<Guid>();
        for (var count = 0; count < 30; count++)
        {
            orders.Add(await PlaceAsync());
        }

        await shop.Backend.Api.WaitUntilAsync(async () => (await shop.GetQueuesAsync())[Charging] >= orders.Count);
        for (var crash = 0; crash < 25; crash++)
        {
            await ConsumeAndDisconnectAsync(orders.Count);
        }

        var poison = Guid.CreateVersion7();
        await using (var channel = await connection!.CreateChannelAsync())
        {
            var headers = new Dictionary<string, object?> { ["x-suspect"] = 1, ["x-attempts"] = RunningShop.RetryDelays.Length };
            var properties = new BasicProperties { MessageId = poison.ToString(), Type = "orders.placed", Headers = headers };
            await channel.BasicPublishAsync("", Charging, mandatory: true, properties, Encoding.UTF8.GetBytes("{}"));
        }

        await shop.Backend.StartWorkerAsync();

        await WaitForAsync(orders, "Confirmed");
        Assert.Equal(charged + orders.Count, shop.Payments.Charges.Count());
        await shop.WaitUntilAsync(async () =>
            (await shop.Backend.RunWorkerAsync("dead-letters", "list")).EnsureSuccess().Output.Contains("The worker exited while handling the message", StringComparison.Ordinal));
        // The list returns its messages to the queue when its connection closes.
        await shop.WaitUntilAsync(async () => (await shop.GetQueuesAsync())[$"{Charging}.dead"] == 1);
        Assert.Contains($"{Charging} failed on message {poison}; dead-lettered", shop.Backend.WorkerLog, StringComparison.Ordinal);
        await using var purging = await connection.CreateChannelAsync();
        await purging.QueuePurgeAsync($"{Charging}.dead");
    }

    [SkippableFact]
    public async Task Processes_shut_down_in_time_while_the_broker_hangs()
    {
        var (inject, recover) = shop.Fault("RabbitMQ", "hanging");
        await inject();
        try
        {
            var order = await PlaceAsync();
            await Task.Delay(TimeSpan.FromSeconds(2));
            var codes = await Task.WhenAll(TimeAsync(shop.Backend.StopWorkerAsync()), TimeAsync(shop.Backend.StopApiAsync(0)));

            output.WriteLine($"worker {codes[0].Took.TotalSeconds:0.0} s, API {codes[1].Took.TotalSeconds:0.0} s");
            Assert.All(codes, end => Assert.True(end.Took < TimeSpan.FromSeconds(30), $"{end.Took}"));
            Assert.All(codes, end => Assert.Equal(0, end.Code));
            await recover();
            await Task.WhenAll(shop.Backend.StartApiAsync(), shop.Backend.StartWorkerAsync());
            await WaitForAsync([order], "Confirmed");
        }
        finally
        {
            await recover();
        }

        static async Task<(int Code, TimeSpan Took)> TimeAsync(Task<int> end)
        {
            var clock = Stopwatch.StartNew();
            return (await end, clock.Elapsed);
        }
    }

    [SkippableFact]
    public async Task An_unroutable_message_keeps_its_error_and_one_allowed_to_be_unrouted_is_dropped()
    {
        var unroutable = await AddToOutboxAsync("tests.unroutable", "{}");
        var allowed = await AddToOutboxAsync(RunningShop.AllowedUnrouted, "{}");

        await shop.WaitUntilAsync(async () => await QueryAsync<long>($"SELECT count(*) FROM outbox_messages WHERE id = '{allowed}'") == 0);
        await shop.WaitUntilAsync(async () => await QueryAsync<string?>($"SELECT error FROM outbox_messages WHERE id = '{unroutable}'")
            == "No queue is bound to the message type; is a handler registered?");
        await QueryAsync<int?>($"DELETE FROM outbox_messages WHERE id = '{unroutable}' RETURNING 1");
    }

    [SkippableTheory]
    [InlineData("<html>No.</html>")]
    [InlineData("{\"detail\":")]
    [InlineData("{\"detail\":\"No\\u0000 \\ud83d.\"}")]
    [InlineData(null)]
    public async Task A_payment_refusal_that_cannot_be_stored_verbatim_still_rejects_the_order(string? body)
    {
        var requests = shop.Payments.Requests;
        shop.Payments.Refusal = body ?? $"{{\"detail\":\"{new string('x', 900)}\"}}";
        try
        {
            await WaitForAsync([await PlaceAsync()], "Rejected");
            Assert.Equal(requests + 1, shop.Payments.Requests);
        }
        finally
        {
            shop.Payments.Refusal = null;
        }
    }

    [SkippableFact]
    public async Task A_payment_provider_that_is_down_opens_the_circuit_breaker()
    {
        var (inject, recover) = shop.Fault("Payment provider", "down");
        var orders = new List<Guid>();
        await inject();
        try
        {
            for (var count = 0; count < 10; count++)
            {
                orders.Add(await PlaceAsync());
            }

            await shop.WaitUntilAsync(() => Task.FromResult(LinesWith("OnCircuitOpened").Any()));
        }
        finally
        {
            await recover();
        }

        await WaitForAsync(orders, "Confirmed");
    }

    private async Task<Guid> PlaceAsync() => ShopClient.IdOf(await shop.Client.PlaceAsync(Guid.NewGuid().ToString(), product));

    // All messages are in the broker; the paused worker has at most prefetched some.
    private async Task<List<Guid>> PlaceWithoutWorkerAsync(int count)
    {
        await shop.Backend.PauseWorkerAsync();
        var orders = new List<Guid>();
        for (var number = 0; number < count; number++)
        {
            orders.Add(await PlaceAsync());
        }

        await shop.Backend.Api.WaitUntilAsync(async () => await QueryAsync<long>("SELECT count(*) FROM outbox_messages") == 0);
        return orders;
    }

    private async Task WaitForAsync(IEnumerable<Guid> orders, string status)
    {
        foreach (var order in orders)
        {
            await shop.WaitUntilAsync(async () => await shop.Client.GetStatusAsync(order) == status);
        }
    }

    private Task WaitForHealthyWorkerAsync() => shop.WaitUntilAsync(async () => await shop.Backend.GetWorkerHealthAsync() == "Healthy");

    private async Task AssertNoDeadLettersAsync()
    {
        var queues = await shop.GetQueuesAsync();
        Assert.Equal((0, 0), (queues[$"{Charging}.dead"], queues[$"{Confirming}.dead"]));
    }

    private IEnumerable<string> LinesWith(string text) =>
        shop.Backend.WorkerLog.Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal));

    // Like a killed worker: its unacknowledged messages are redelivered.
    private async Task ConsumeAndDisconnectAsync(int count)
    {
        var all = new TaskCompletionSource();
        var taken = 0;
        await using var channel = await connection!.CreateChannelAsync();
        var consumer = new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, _) =>
        {
            if (Interlocked.Increment(ref taken) == count)
            {
                all.TrySetResult();
            }

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(Charging, autoAck: false, consumer);
        await Task.WhenAny(all.Task, Task.Delay(TimeSpan.FromSeconds(5)));
    }

    private async Task<Guid> AddToOutboxAsync(string type, string body)
    {
        var id = Guid.CreateVersion7();
        await QueryAsync<int?>($"INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts) VALUES ('{id}', '{type}', '{body}', now(), now(), 0) RETURNING 1");
        return id;
    }

    private async Task<T?> QueryAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create(shop.Database + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }
}
