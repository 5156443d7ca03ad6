using Baseline;
using Npgsql;
using RabbitMQ.Client;

// migrate: creates the tables. api: accepts orders and runs the relay. worker: handles the messages.
var role = args.FirstOrDefault();
var builder = WebApplication.CreateBuilder(args);

var database = NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("database")!);
if (role == "migrate")
{
    await Schema.CreateAsync(database);
    return;
}

builder.Services.AddSingleton(database);
builder.Services.AddSingleton(await new ConnectionFactory
{
    Uri = new Uri(builder.Configuration.GetConnectionString("broker")!),
}.CreateConnectionAsync());
if (role == "api")
{
    builder.Services.AddSingleton<OutboxSignal>();
    builder.Services.AddHostedService<Relay>();
}
else
{
    builder.Services.Configure<WorkerOptions>(builder.Configuration.GetSection("Bench"));
    builder.Services.AddHostedService<Worker>();
}

var app = builder.Build();

app.MapGet("/health", () => "Healthy");
if (role == "api")
{
    app.MapOrders();
}

app.Run();
