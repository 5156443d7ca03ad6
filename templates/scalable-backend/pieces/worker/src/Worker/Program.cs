using ScalableBackend.ServiceDefaults;
using ScalableBackend.Shared.Data;
using ScalableBackend.Shared.Messaging;
using ScalableBackend.Worker;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
builder.AddMessaging();
builder.AddWorkerServices();

var app = builder.Build();

AppDbContext.WarmUpModel(app.Services);
app.UseHealth();

return await app.RunWithCommandsAsync(args);
