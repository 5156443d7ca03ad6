using Microsoft.EntityFrameworkCore;
using Npgsql;
using Wolverine;
using Wolverine.Transports;
using Wolverine.EntityFrameworkCore;
using Wolverine.Postgresql;
using Wolverine.RabbitMQ;
using WolverineBench;

const string Queue = "wolverine.orders";

// migrate: makes the tables. api: takes orders and sends their messages. worker: handles the messages.
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
    // A store for each of the two, which needs no agreement between them.
    options.PersistMessagesWithPostgresql(database, $"wolverine_{role}");
    options.Durability.Mode = DurabilityMode.Solo;
    options.Services.AddDbContextWithWolverineIntegration<OrdersDb>(db => db.UseNpgsql(database), $"wolverine_{role}");
    options.UseEntityFrameworkCoreTransactions();
    options.Policies.AutoApplyTransactions();

    // Without confirms a message could be lost between outbox and queue, which the other contenders rule out.
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
        // Received messages are written to the inbox in batches of up to 100; the buffer behind it takes a whole run,
        // because a full one makes the listener stop and start again.
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
