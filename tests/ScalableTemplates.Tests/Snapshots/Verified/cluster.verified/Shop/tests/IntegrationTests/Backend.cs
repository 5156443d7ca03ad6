using System.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Shop.Shared.Data;
using Xunit;

[assembly: AssemblyFixture(typeof(Shop.IntegrationTests.Backend))]

namespace Shop.IntegrationTests;

/// <summary>Runs the solution in memory, once for all tests.</summary>
public sealed class Backend : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("backend-tests-").FullName;
    private Servers? _servers;
    private ApiFactory? _api;
    private Dictionary<string, string> _settings = [];
    private WorkerFactory? _worker;

    /// <summary>The pickup folder, where each mail is an .eml file.</summary>
    public string Mails => Path.Combine(_folder, "mails");

    /// <summary>Creates a scope of the API, for access to its database. Call <see cref="CreateClient"/> first, which skips the test if servers are missing.</summary>
    public AsyncServiceScope CreateScope() => _api!.Services.CreateAsyncScope();

    public async ValueTask InitializeAsync()
    {
        _servers = await Servers.StartAsync(TestContext.Current.CancellationToken);
        if (_servers is null)
        {
            return;
        }

        var settings = new Dictionary<string, string>(_servers.Settings);
        Tokens.Configure(settings);
        settings["Messaging:RetryDelays:0"] = "00:00:01";
        // All tests share one client, which would exceed the default limit.
        settings["RateLimiting:Plans:standard:Burst"] = "10000";
        settings["Mail:Server"] = "";
        settings["Mail:PickupDirectory"] = Mails;

        await MigrateAsync(settings);
        _api = new ApiFactory(settings);
        _api.StartServer();
        _settings = settings;
        _worker = new WorkerFactory(settings, () => _api.Server.CreateHandler());
        _worker.StartServer();
    }

    /// <summary>The services of the API. Skips the test if the required servers are not available.</summary>
    public IServiceProvider Services
    {
        get
        {
            Assert.SkipWhen(_servers is null, Servers.SkipReason);
            return _api!.Services;
        }
    }

    /// <summary>The services of the process that handles messages. Skips the test if the required servers are not available.</summary>
    public IServiceProvider WorkerServices
    {
        get
        {
            Assert.SkipWhen(_servers is null, Servers.SkipReason);
            return _worker!.Services;
        }
    }

    /// <summary>Creates a client of the API. Skips the test if the required servers are not available.</summary>
    /// <param name="customer">The subject of the token; null for an anonymous client.</param>
    public HttpClient CreateClient(string? customer = "ada")
    {
        Assert.SkipWhen(_servers is null, Servers.SkipReason);
        var client = _api!.CreateDefaultClient(new ConsistencyTokenHandler());
        if (customer is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Create(customer));
        }

        return client;
    }

    /// <summary>Creates another instance of the API with additional settings.</summary>
    public WebApplicationFactory<Program> CreateApi(params (string Key, string Value)[] settings) => _api!.WithWebHostBuilder(api =>
    {
        foreach (var (key, value) in settings)
        {
            api.UseSetting(key, value);
        }
    });

    /// <summary>Creates another replica of the API.</summary>
    internal ApiFactory CreateReplica() => new(_settings);

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task MigrateAsync(Dictionary<string, string> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(settings!);
        builder.AddDatabase();
        using var host = builder.Build();
        await host.Services.MigrateAsync(TestContext.Current.CancellationToken);
    }
}
