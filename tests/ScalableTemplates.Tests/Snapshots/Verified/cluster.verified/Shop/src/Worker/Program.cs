using Shop.ServiceDefaults;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Shop.Worker;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
builder.AddMessaging();
builder.AddWorkerServices();

var app = builder.Build();

AppDbContext.WarmUpModel(app.Services);
app.UseHealth();

return await app.RunWithCommandsAsync(args);
