using ApiFloor;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Npgsql;

// api: the endpoints of the sample, by hand, on the same tables. sink: takes what OTLP exporters send, and forgets it.
var builder = WebApplication.CreateSlimBuilder(args);
if (args.FirstOrDefault() == "sink")
{
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
    var sink = builder.Build();
    sink.Run(Sink.TakeAsync);
    sink.Run();
    return;
}

var database = NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("database")!);
builder.Services.AddSingleton(database);
await builder.AddRelayAsync();

var app = builder.Build();
var bearer = new Bearer(app.Configuration);
var products = new Products(database);
var orders = new Orders(database, app.Services.GetRequiredService<OutboxSignal>());

app.MapGet("/health", context => context.Response.WriteAsync("Healthy"));
app.MapGet("/v1/products/{id}", bearer.Require(products.GetAsync));
app.MapGet("/v1/products", bearer.Require(products.ListAsync));
app.MapGet("/v1/orders/{id}", bearer.Require(orders.GetAsync));
app.MapGet("/v1/orders", bearer.Require(orders.ListAsync));
app.MapPost("/v1/orders", bearer.Require(orders.PlaceAsync));

app.Run();
