using ScalableBackend.Core.Data;
using ScalableBackend.ServiceDefaults;

var builder = Host.CreateApplicationBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();

using var host = builder.Build();

await host.StartAsync();
await host.Services.MigrateAsync(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
await host.StopAsync();
