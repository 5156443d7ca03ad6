using System.Text;
using RabbitMQ.Client;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>The services stage without an orchestrator: migrator, API and worker on PostgreSQL, Redis and RabbitMQ.</summary>
[Collection("End to end")]
public sealed class ServicesTests(ServersFixture servers) : IAsyncLifetime
{
    private static readonly TemplateOptions Options = TemplateOptions.Services.With(Dimension.Orchestrator, "none");

    private Dictionary<string, string> connectionStrings = [];
    private Backend? backend;

    private Backend Backend
    {
        get
        {
            Skip.If(backend is null, ServersFixture.Missing);
            return backend!;
        }
    }

    public async Task InitializeAsync()
    {
        if (ServersFixture.Missing is null)
        {
            connectionStrings = await servers.GetConnectionStringsAsync();
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
        }
    }

    [SkippableFact]
    public async Task An_order_is_processed_to_completion()
    {
        var order = await Backend.PlaceOrderAsync("card");

        await Backend.WaitForStatusAsync(order, "Confirmed");
        Assert.Single(Backend.MailsOf(order));
    }

    [SkippableFact]
    public async Task A_declined_payment_rejects_the_order_with_the_reason()
    {
        var order = await Backend.PlaceOrderAsync("card-declined");

        await Backend.WaitForStatusAsync(order, "Rejected");
        Assert.Equal("The card was declined.", (await Backend.GetOrderAsync(order)).GetProperty("reason").GetString());
        Assert.Empty(Backend.MailsOf(order));
    }

    [SkippableFact]
    public async Task A_worker_killed_mid_message_confirms_the_order_once_after_its_restart()
    {
        await using var provider = new PaymentProvider(isHeld: true);
        await Backend.KillWorkerAsync();
        Backend.UsePaymentProvider(provider.Address);
        await Backend.StartWorkerAsync();
        var order = await Backend.PlaceOrderAsync("card");
        await provider.FirstRequest.WaitAsync(Daemon.WaitTimeout);
        Assert.Equal("Pending", await Backend.GetStatusAsync(order));

        await Backend.KillWorkerAsync();
        provider.Release();
        await Backend.StartWorkerAsync();

        await Backend.WaitForStatusAsync(order, "Confirmed");
        Assert.Equal(order, Assert.Single(provider.Charges));
        Assert.Single(Backend.MailsOf(order));
    }

    [SkippableFact]
    public async Task A_redelivered_message_has_no_second_effect()
    {
        Skip.If(backend is null, ServersFixture.Missing);
        var factory = new ConnectionFactory { Uri = new Uri(connectionStrings["broker"]) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var tap = await channel.QueueDeclareAsync();
        await channel.QueueBindAsync(tap.QueueName, "events", "orders.paid");

        var order = await Backend.PlaceOrderAsync("card");
        await Backend.WaitForStatusAsync(order, "Confirmed");
        File.Delete(Assert.Single(Backend.MailsOf(order)));
        BasicGetResult? paid = null;
        await Backend.WaitUntilAsync(async () => (paid = await channel.BasicGetAsync(tap.QueueName, autoAck: true)) is not null);
        Assert.Contains(order.ToString(), Encoding.UTF8.GetString(paid!.Body.Span), StringComparison.Ordinal);
        await channel.BasicPublishAsync("events", "orders.paid", mandatory: true, new BasicProperties(paid.BasicProperties), paid.Body);

        // Messages are handled in order, so the repeated message has been handled once the second order is confirmed.
        await Backend.WaitForStatusAsync(await Backend.PlaceOrderAsync("card"), "Confirmed");
        Assert.Empty(Backend.MailsOf(order));
    }

    [SkippableFact]
    public async Task A_temporary_outage_of_the_payment_provider_delays_the_order_which_is_charged_once()
    {
        // One more than the attempts of one HTTP call, so that the message itself is retried.
        await using var provider = new PaymentProvider(failures: 5);
        await Backend.KillWorkerAsync();
        Backend.UsePaymentProvider(provider.Address);
        await Backend.StartWorkerAsync();

        var order = await Backend.PlaceOrderAsync("card");

        await Backend.WaitForStatusAsync(order, "Confirmed");
        Assert.Equal(order, Assert.Single(provider.Charges));
        Assert.Equal(0, provider.Repeats);
    }
}
