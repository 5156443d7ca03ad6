using Shop.Gateway;
using Shop.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddForwardedHeaders();
builder.AddGateway();

var app = builder.Build();

app.UseHealth();
app.UseForwardedHeaders();
app.UseBodyLimit();
app.UseErrorResponses();
app.MapGateway();

app.Run();
