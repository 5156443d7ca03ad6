using ScalableBackend.Core.Data;
using ScalableBackend.Migrator;
using ScalableBackend.ServiceDefaults;

var builder = Host.CreateApplicationBuilder(args);

builder.AddServiceDefaults();
builder.AddDatabase();

using var host = builder.Build();

await host.StartAsync();
try
{
    await host.Services.MigrateAsync(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
    return 0;
}
catch (Exception exception)
{
    host.Services.GetRequiredService<ILogger<Program>>().NotMigrated(exception, exception.GetBaseException().Message);
    return 1;
}
finally
{
    await host.StopAsync();
}
