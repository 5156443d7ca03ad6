#if (HasJwt)
using System.Net.Http.Headers;
#endif
#if (HasReplica || HasRateLimiting)
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
#endif
#if (HasPostgres)
using ScalableBackend.Shared.Data;
#endif
using Xunit;

[assembly: AssemblyFixture(typeof(ScalableBackend.IntegrationTests.Backend))]

namespace ScalableBackend.IntegrationTests;

/// <summary>Runs the solution in memory, once for all tests.</summary>
public sealed class Backend : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("backend-tests-").FullName;
#if (HasServers)
    private Servers? _servers;
#endif
    private ApiFactory? _api;
#if (HasRedis && HasSample)
    private Dictionary<string, string> _settings = [];
#endif
#if (HasWorker)
    private WorkerFactory? _worker;
#endif
#if (HasSample)

    /// <summary>The pickup folder, where each mail is an .eml file.</summary>
    public string Mails => Path.Combine(_folder, "mails");

    /// <summary>Creates a scope of the API, for access to its database. Call <see cref="CreateClient"/> first, which skips the test if servers are missing.</summary>
    public AsyncServiceScope CreateScope() => _api!.Services.CreateAsyncScope();
#endif

    public async ValueTask InitializeAsync()
    {
#if (HasServers)
        _servers = await Servers.StartAsync(TestContext.Current.CancellationToken);
        if (_servers is null)
        {
            return;
        }

        var settings = new Dictionary<string, string>(_servers.Settings);
#else
        var settings = new Dictionary<string, string>();
#endif
#if (HasSqlite)
        settings["ConnectionStrings:database"] = $"Data Source={Path.Combine(_folder, "test.db")}";
#endif
#if (HasJwt)
        Tokens.Configure(settings);
#endif
        settings["Messaging:RetryDelays:0"] = "00:00:01";
#if (HasRateLimiting)
        // All tests share one client, which would exceed the default limit.
        settings["RateLimiting:Plans:standard:Burst"] = "10000";
#endif
#if (HasSample)
        settings["Mail:Server"] = "";
        settings["Mail:PickupDirectory"] = Mails;
#endif
#if (HasPostgres)

        await MigrateAsync(settings);
#endif
        _api = new ApiFactory(settings);
        _api.StartServer();
#if (HasRedis && HasSample)
        _settings = settings;
#endif
#if (HasWorker && HasSample)
        _worker = new WorkerFactory(settings, () => _api.Server.CreateHandler());
        _worker.StartServer();
#endif
#if (HasWorker && !HasSample)
        _worker = new WorkerFactory(settings);
        _worker.StartServer();
#endif
    }

    /// <summary>The services of the API. Skips the test if the required servers are not available.</summary>
    public IServiceProvider Services
    {
        get
        {
#if (HasServers)
            Assert.SkipWhen(_servers is null, Servers.SkipReason);
#endif
            return _api!.Services;
        }
    }
#if (HasWorker)

    /// <summary>The services of the process that handles messages. Skips the test if the required servers are not available.</summary>
    public IServiceProvider WorkerServices
    {
        get
        {
            Assert.SkipWhen(_servers is null, Servers.SkipReason);
            return _worker!.Services;
        }
    }
#else

    /// <summary>The services of the process that handles messages.</summary>
    public IServiceProvider WorkerServices => Services;
#endif

    /// <summary>Creates a client of the API. Skips the test if the required servers are not available.</summary>
#if (HasJwt)
    /// <param name="customer">The subject of the token; null for an anonymous client.</param>
    public HttpClient CreateClient(string? customer = "ada")
#else
    public HttpClient CreateClient()
#endif
    {
#if (HasServers)
        Assert.SkipWhen(_servers is null, Servers.SkipReason);
#endif
#if (HasReplica)
        var client = _api!.CreateDefaultClient(new ConsistencyTokenHandler());
#else
        var client = _api!.CreateClient();
#endif
#if (HasJwt)
        if (customer is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Create(customer));
        }

#endif
        return client;
    }
#if (HasReplica || HasRateLimiting)

    /// <summary>Creates another instance of the API with additional settings.</summary>
    public WebApplicationFactory<Program> CreateApi(params (string Key, string Value)[] settings) => _api!.WithWebHostBuilder(api =>
    {
        foreach (var (key, value) in settings)
        {
            api.UseSetting(key, value);
        }
    });
#endif

#if (HasRedis && HasSample)
    /// <summary>Creates another replica of the API.</summary>
    internal ApiFactory CreateReplica() => new(_settings);

#endif
    public async ValueTask DisposeAsync()
    {
#if (HasWorker)
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

#endif
        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

#if (HasServers)
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }

#endif
        Directory.Delete(_folder, recursive: true);
    }
#if (HasPostgres)

    private static async Task MigrateAsync(Dictionary<string, string> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(settings!);
        builder.AddDatabase();
        using var host = builder.Build();
        await host.Services.MigrateAsync(TestContext.Current.CancellationToken);
    }
#endif
}
