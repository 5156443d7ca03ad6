using ScalableBackend.Core.Data;
using ScalableBackend.Core.Messaging;
using ScalableBackend.ServiceDefaults;
using ScalableBackend.Worker;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();
builder.AddMessaging();
builder.AddJobs();

var app = builder.Build();

AppDbContext.Prepare(app.Services);
app.UseHealth();

return await app.RunAsync(args);
