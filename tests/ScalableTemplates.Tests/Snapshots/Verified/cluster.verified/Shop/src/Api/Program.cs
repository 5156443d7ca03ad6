using Shop.Api;
using Shop.Api.Catalog;
using Shop.Api.Orders;
using Shop.Api.Payments;
using Shop.ServiceDefaults;
using Shop.Shared.Caching;
using Shop.Shared.Data;
using Shop.Shared.Messaging;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
builder.AddReadReplica();
builder.AddCache();
builder.AddMessaging();
builder.AddApiDefaults();

var app = builder.Build();

AppDbContext.WarmUpModel(app.Services);
app.UseHealth();
app.UseApiDefaults();
app.UseReadReplica();

var v1 = app.MapV1();
v1.MapCatalog();
v1.MapOrders();
app.MapPaymentProviderSimulator();

app.Run();
