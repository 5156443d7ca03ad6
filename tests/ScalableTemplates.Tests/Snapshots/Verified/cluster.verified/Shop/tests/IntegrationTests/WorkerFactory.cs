extern alias worker;

using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;

namespace Shop.IntegrationTests;

/// <param name="settings">Configuration that overrides all other sources.</param>
/// <param name="payments">Creates handlers that send to the payment simulator, which is part of the in-memory API.</param>
internal sealed class WorkerFactory(IReadOnlyDictionary<string, string> settings, Func<HttpMessageHandler> payments)
    : WebApplicationFactory<worker::Program>
{
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureTestServices(Pings.AddPings);
        builder.ConfigureTestServices(services => services.ConfigureHttpClientDefaults(http =>
            http.ConfigurePrimaryHttpMessageHandler(payments)));
    }
}
