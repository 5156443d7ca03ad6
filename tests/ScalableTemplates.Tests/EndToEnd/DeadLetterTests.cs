using System.Text;
using RabbitMQ.Client;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Poison messages, and queues that exist with different arguments.</summary>
[Collection("End to end")]
public sealed class DeadLetterTests(ServersFixture servers) : IAsyncLifetime
{
    private const string Queue = "send-confirmation";

    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

    private Backend? backend;
    private IConnection? connection;

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            var connectionStrings = await servers.GetConnectionStringsAsync();
            connection = await new ConnectionFactory { Uri = new Uri(connectionStrings["broker"]) }.CreateConnectionAsync();
            backend = new Backend(await BuiltSolution.GetAsync(Options), connectionStrings);
            await backend.MigrateAsync();
            await backend.StartApiAsync();
            await backend.StartWorkerAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (backend is not null)
        {
            await backend.DisposeAsync();
            await connection!.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task An_unreadable_message_is_dead_lettered_with_the_reason_and_the_next_one_is_handled()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await using var channel = await connection!.CreateChannelAsync();
        await channel.QueuePurgeAsync($"{Queue}.dead");
        await SendAsync(channel, type: "orders.paid", body: "no JSON");
        await SendAsync(channel, type: "orders.unheard-of", body: "{}");

        await backend!.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");

        var list = "";
        await backend.WaitUntilAsync(async () =>
        {
            list = (await backend.RunWorkerAsync("dead-letters", "list")).EnsureSuccess().Output;
            return list.Contains("The message cannot be deserialized", StringComparison.Ordinal)
                && list.Contains("The message is of type 'orders.unheard-of', not 'orders.paid'.", StringComparison.Ordinal);
        });
        var id = list.Split('\n').First(line => line.Contains("cannot be deserialized", StringComparison.Ordinal)).Split(' ')[0];
        Assert.Contains("no JSON", (await backend.RunWorkerAsync("dead-letters", "show", id)).EnsureSuccess().Output, StringComparison.Ordinal);
        (await backend.RunWorkerAsync("dead-letters", "replay", id)).EnsureSuccess();
        (await backend.RunWorkerAsync("dead-letters", "replay", "--all")).EnsureSuccess();
    }

    [SkippableFact]
    public async Task A_message_with_too_many_headers_is_dead_lettered_without_them_and_the_next_one_is_handled()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await using var channel = await connection!.CreateChannelAsync();
        await channel.QueuePurgeAsync($"{Queue}.dead");
        var headers = new Dictionary<string, object?> { ["baggage"] = new string('x', 130_000), ["x-attempts"] = 3 };
        await SendAsync(channel, type: "orders.paid", body: "{}", headers);

        await backend!.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Confirmed");

        await backend.WaitUntilAsync(async () => (await backend.RunWorkerAsync("dead-letters", "list")).EnsureSuccess().Output
            .Contains("attempts: 4", StringComparison.Ordinal));
        var dead = (await channel.BasicGetAsync($"{Queue}.dead", autoAck: true))!;
        Assert.DoesNotContain("baggage", dead.BasicProperties.Headers!.Keys);
        Assert.Contains("exceed 8192 bytes", Encoding.UTF8.GetString((byte[])dead.BasicProperties.Headers["x-error"]!), StringComparison.Ordinal);
        Assert.Equal(0u, await channel.MessageCountAsync(Queue));
    }

    [SkippableTheory]
    [InlineData(1, "There is no dead letter", "show", "nothing")]
    [InlineData(1, "There is no dead letter", "replay", "nothing")]
    [InlineData(2, "dead-letters list", "frobnicate")]
    public async Task An_invalid_command_prints_the_usage(int exitCode, string message, params string[] command)
    {
        Skip.If(backend is null, ServersFixture.Missing);

        var result = await backend!.RunWorkerAsync(["dead-letters", .. command]);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(message, result.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_queue_with_different_arguments_is_logged_and_other_handlers_continue()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        await backend!.KillWorkerAsync();
        await using (var channel = await connection!.CreateChannelAsync())
        {
            await channel.QueueDeleteAsync(Queue);
            await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
        }

        try
        {
            await backend.StartWorkerAsync("Degraded");

            await backend.WaitForStatusAsync(await backend.PlaceOrderAsync("card"), "Paid");
            await backend.WaitUntilAsync(() => Task.FromResult(
                backend.WorkerLog.Contains($"Cannot consume {Queue}: its queue exists with different arguments", StringComparison.Ordinal)));
        }
        finally
        {
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeleteAsync(Queue);
        }
    }

    private static ValueTask SendAsync(IChannel channel, string type, string body, Dictionary<string, object?>? headers = null) => channel.BasicPublishAsync(
        exchange: "",
        Queue,
        mandatory: true,
        new BasicProperties { MessageId = Guid.NewGuid().ToString(), Type = type, Headers = headers },
        Encoding.UTF8.GetBytes(body));
}
