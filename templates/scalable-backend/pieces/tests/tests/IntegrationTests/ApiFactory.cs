using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
#if (!HasWorker || HasRedis || (HasPostgres && HasSample))
using Microsoft.AspNetCore.TestHost;
#endif
#if (HasPostgres && HasSample)
using Microsoft.EntityFrameworkCore;
#endif
#if (HasRedis)
using Microsoft.Extensions.Caching.StackExchangeRedis;
#endif
#if (HasPostgres && HasSample)
using ScalableBackend.Shared.Data;
#endif

namespace ScalableBackend.IntegrationTests;

internal sealed class ApiFactory(IReadOnlyDictionary<string, string> settings) : WebApplicationFactory<Program>
{
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }
#if (HasPostgres && HasSample)

        builder.ConfigureTestServices(services => services.ConfigureDbContext<AppDbContext>(options => options.AddInterceptors(new PageQueryRecorder())));
#endif
#if (HasRedis)

        builder.ConfigureTestServices(services => services.Configure<RedisCacheOptions>(options => options.InstanceName = RedisServer.Prefix));
#endif
#if (!HasWorker)

        builder.ConfigureTestServices(Pings.AddPings);
#endif
#if (HasSample && !HasWorker)

        // The payment simulator is part of this API, which runs in memory without a port.
        builder.ConfigureTestServices(services => services.ConfigureHttpClientDefaults(http =>
            http.ConfigurePrimaryHttpMessageHandler(() => Server.CreateHandler())));
#endif
    }
}
