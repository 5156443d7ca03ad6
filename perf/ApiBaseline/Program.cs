using ApiBaseline;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Npgsql;

// Without arguments: the sample's endpoints, hand-written on the same tables. sink: an OTLP endpoint that discards all telemetry.
var builder = WebApplication.CreateSlimBuilder(args);
if (args.FirstOrDefault() == "sink")
{
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
    var sink = builder.Build();
    sink.Run(Sink.AcceptAsync);
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
