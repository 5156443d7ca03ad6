using System.Net.Http.Headers;
using Xunit;

[assembly: AssemblyFixture(typeof(Shop.IntegrationTests.Backend))]

namespace Shop.IntegrationTests;

/// <summary>Runs the solution in memory, once for all tests.</summary>
public sealed class Backend : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("backend-tests-").FullName;
    private ApiFactory? _api;

    /// <summary>The pickup folder, where each mail is an .eml file.</summary>
    public string Mails => Path.Combine(_folder, "mails");

    /// <summary>Creates a scope of the API, for access to its database. Call <see cref="CreateClient"/> first, which skips the test if servers are missing.</summary>
    public AsyncServiceScope CreateScope() => _api!.Services.CreateAsyncScope();

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string>();
        settings["ConnectionStrings:database"] = $"Data Source={Path.Combine(_folder, "test.db")}";
        Tokens.Configure(settings);
        settings["Messaging:RetryDelays:0"] = "00:00:01";
        settings["Mail:Server"] = "";
        settings["Mail:PickupDirectory"] = Mails;
        _api = new ApiFactory(settings);
        _api.StartServer();
    }

    /// <summary>The services of the API. Skips the test if the required servers are not available.</summary>
    public IServiceProvider Services
    {
        get
        {
            return _api!.Services;
        }
    }

    /// <summary>The services of the process that handles messages.</summary>
    public IServiceProvider WorkerServices => Services;

    /// <summary>Creates a client of the API. Skips the test if the required servers are not available.</summary>
    /// <param name="customer">The subject of the token; null for an anonymous client.</param>
    public HttpClient CreateClient(string? customer = "ada")
    {
        var client = _api!.CreateClient();
        if (customer is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Create(customer));
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
