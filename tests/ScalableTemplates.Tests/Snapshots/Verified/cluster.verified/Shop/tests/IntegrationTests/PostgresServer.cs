namespace Shop.IntegrationTests;

/// <summary>A primary with a standby.</summary>
internal sealed class PostgresServer : ITestServer
{
    private IAsyncDisposable? _resource;

    public IReadOnlyList<string> ConnectionStrings => ["database", "replica"];

    public async Task StartContainerAsync(IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var servers = new ReplicaServers();
        _resource = servers;
        await servers.StartAsync(cancellationToken);
        settings["ConnectionStrings:database"] = servers.Primary;
        settings["ConnectionStrings:replica"] = servers.Standby;
    }

    public async Task UseExistingAsync(Func<string, string?> find, IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var database = await TestDatabase.CreateAsync(find("owner") ?? find("database")!, cancellationToken);
        _resource = database;
        settings["ConnectionStrings:database"] = database.ConnectionString;
        settings["ConnectionStrings:replica"] = database.ConnectionStringOn(find("replica")!);
    }

    public ValueTask DisposeAsync() => _resource?.DisposeAsync() ?? default;
}
