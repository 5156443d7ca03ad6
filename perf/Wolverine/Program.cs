using Microsoft.EntityFrameworkCore;
using Npgsql;
using Wolverine;
using Wolverine.Transports;
using Wolverine.EntityFrameworkCore;
using Wolverine.Postgresql;
using Wolverine.RabbitMQ;
using WolverineBench;

const string Queue = "wolverine.orders";

// migrate: creates the tables. api: accepts orders and sends their messages. worker: handles the messages.
var role = args.FirstOrDefault();
var builder = WebApplication.CreateBuilder(args);
var database = builder.Configuration.GetConnectionString("database")!;
if (role == "migrate")
{
    await using var source = NpgsqlDataSource.Create(database);
    await using var command = source.CreateCommand(OrdersDb.Tables);
    await command.ExecuteNonQueryAsync();
    return;
}

builder.Host.UseWolverine(options =>
{
    options.ServiceName = role!;
    // A separate message store per process, so the two need no coordination.
    options.PersistMessagesWithPostgresql(database, $"wolverine_{role}");
    options.Durability.Mode = DurabilityMode.Solo;
    options.Services.AddDbContextWithWolverineIntegration<OrdersDb>(db => db.UseNpgsql(database), $"wolverine_{role}");
    options.UseEntityFrameworkCoreTransactions();
    options.Policies.AutoApplyTransactions();

    // Publisher confirms, as in the other contenders; without them a message could be lost between outbox and queue.
    options.UseRabbitMq(new Uri(builder.Configuration.GetConnectionString("broker")!))
        .UseQuorumQueues()
        .ConfigureChannelCreation(channel =>
        {
            channel.PublisherConfirmationsEnabled = true;
            channel.PublisherConfirmationTrackingEnabled = true;
        })
        .AutoProvision();
    if (role == "api")
    {
        options.PublishMessage<OrderPlaced>().ToRabbitQueue(Queue).UseDurableOutbox();
    }
    else
    {
        // Received messages are written to the inbox in batches of up to 100; the in-memory buffer holds a whole run,
        // because a full buffer pauses and restarts the listener.
        options.ListenToRabbitQueue(Queue)
            .UseDurableInbox(new BufferingLimits(25_000, 20_000))
            .DeliveryLimit(20)
            .PreFetchCount(100)
            .MaximumParallelMessages(builder.Configuration.GetValue<int>("Bench:Concurrency"));
    }
});

var app = builder.Build();

app.MapGet("/health", () => "Healthy");
if (role == "api")
{
    app.MapOrders();
}

app.Run();
