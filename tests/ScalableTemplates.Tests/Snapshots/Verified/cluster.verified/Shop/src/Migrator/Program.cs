using Shop.Migrator;
using Shop.ServiceDefaults;
using Shop.Shared.Data;

var builder = Host.CreateApplicationBuilder(args);

builder.AddServiceDefaults();
ServiceRole.Add(builder);
builder.AddDatabase();

using var host = builder.Build();

await host.StartAsync();
try
{
    var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
    await host.Services.MigrateAsync(stopping);
    await using var scope = host.Services.CreateAsyncScope();
    await host.Services.GetRequiredService<ServiceRole>().GrantAsync(scope.ServiceProvider.GetRequiredService<AppDbContext>(), stopping);
    return 0;
}
catch (Exception exception)
{
    host.Services.GetRequiredService<ILogger<Program>>().MigrationFailed(exception, exception.GetBaseException().Message);
    return 1;
}
finally
{
    await host.StopAsync();
}
