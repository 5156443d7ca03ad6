using Npgsql;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;

namespace ScalableTemplates.Tests.Images;

/// <summary>Containers of all services, with the settings that <c>docs/deployment.md</c> requires.</summary>
internal sealed class RestrictedSystem : IAsyncDisposable
{
    private readonly PublishedImages images;
    private readonly Dictionary<string, string> values;
    private readonly ServerPort ports = new(count: 2 * PublishedImages.Services.Length);
    private readonly List<Container> containers = [];
    private readonly HttpClient probes = new();

    public RestrictedSystem(PublishedImages images, IReadOnlyDictionary<string, string> connectionStrings)
    {
        this.images = images;
        Database = connectionStrings["database"];
        Identities.Start();
        values = new Dictionary<string, string>
        {
            ["ConnectionStrings__owner"] = Database,
            ["ConnectionStrings__database"] = new NpgsqlConnectionStringBuilder(Database) { Username = $"service-{Guid.NewGuid():N}" }.ConnectionString,
            ["ConnectionStrings__cache"] = connectionStrings["cache"],
            ["ConnectionStrings__broker"] = connectionStrings["broker"],
            ["Authentication__Schemes__Bearer__Authority"] = Identities.Address.ToString(),
            ["Authentication__Schemes__Bearer__ValidAudiences__0"] = "api",
            ["Payments__BaseUrl"] = Payments.Address.ToString(),
            ["Mail__Server"] = Mails.Address.ToString(),
            ["Mail__From"] = "shop@example.com",
            ["Services__api__http__0"] = AddressOf("Api").ToString(),
            ["ForwardedHeaders__KnownNetworks__0"] = "127.0.0.0/8",
        };
    }

    public string Database { get; }

    public IdentityProviderStandIn Identities { get; } = new(FreePort.Next());

    public PaymentProvider Payments { get; } = new();

    public MailServer Mails { get; } = new();

    public Uri AddressOf(string service) => new($"http://127.0.0.1:{PortOf(service)}/");

    /// <summary>Starts a service, and waits until it is healthy.</summary>
    public async Task<Container> StartAsync(string service)
    {
        var container = await CreateAsync(service);
        await container.Process.WaitUntilAsync(async () => await GetHealthAsync(PortOf(service) + 1) == "Healthy");
        return container;
    }

    public async Task MigrateAsync()
    {
        var migrator = await CreateAsync("Migrator");
        Assert.True(await migrator.Process.WaitForExitAsync() == 0, migrator.Process.Log);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var container in containers)
        {
            await container.DisposeAsync();
        }

        await Payments.DisposeAsync();
        Mails.Dispose();
        Identities.Dispose();
        probes.Dispose();
    }

    // The second port is for the probes.
    private int PortOf(string service) => ports.Number + (2 * Array.IndexOf(PublishedImages.Services, service));

    private async Task<Container> CreateAsync(string service)
    {
        var settings = new Dictionary<string, string>(RequiredSettings.Read(images.Solution, service, values))
        {
            // For free ports, an identity provider without TLS, and a single client.
            ["ASPNETCORE_URLS"] = AddressOf(service).ToString(),
            ["ASPNETCORE_HTTP_PORTS"] = "",
            ["Gateway__ApiHealthPort"] = $"{PortOf("Api") + 1}",
            ["Health__Port"] = $"{PortOf(service) + 1}",
            ["Authentication__Schemes__Bearer__RequireHttpsMetadata"] = "false",
            ["RateLimiting__Plans__standard__RequestsPerMinute"] = "600000",
            ["RateLimiting__Plans__standard__Burst"] = "100000",
        };
        var container = await Container.StartAsync(images.Get(service), settings);
        containers.Add(container);
        return container;
    }

    private async Task<string?> GetHealthAsync(int port)
    {
        try
        {
            using var response = await probes.GetAsync(new Uri($"http://127.0.0.1:{port}/health"));
            return await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
