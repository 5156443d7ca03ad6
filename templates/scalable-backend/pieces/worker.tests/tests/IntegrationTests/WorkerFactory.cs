extern alias worker;

using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;

namespace ScalableBackend.IntegrationTests;

#if (HasSample)
/// <param name="settings">Configuration that overrides all other sources.</param>
/// <param name="payments">Creates handlers that send to the payment simulator, which is part of the in-memory API.</param>
internal sealed class WorkerFactory(IReadOnlyDictionary<string, string> settings, Func<HttpMessageHandler> payments)
    : WebApplicationFactory<worker::Program>
#else
internal sealed class WorkerFactory(IReadOnlyDictionary<string, string> settings) : WebApplicationFactory<worker::Program>
#endif
{
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureTestServices(Pings.AddPings);
#if (HasSample)
        builder.ConfigureTestServices(services => services.ConfigureHttpClientDefaults(http =>
            http.ConfigurePrimaryHttpMessageHandler(payments)));
#endif
    }
}
