using Testcontainers.PostgreSql;

namespace Shop.IntegrationTests;

internal sealed class PostgresServer : ITestServer
{
    private IAsyncDisposable? _resource;

    public IReadOnlyList<string> ConnectionStrings => ["database"];

    public async Task StartContainerAsync(IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var postgres = new PostgreSqlBuilder("postgres:18.3").Build();
        _resource = postgres;
        await postgres.StartAsync(cancellationToken);
        settings["ConnectionStrings:database"] = postgres.GetConnectionString();
    }

    public async Task UseExistingAsync(Func<string, string?> find, IDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var database = await TestDatabase.CreateAsync(find("owner") ?? find("database")!, cancellationToken);
        _resource = database;
        settings["ConnectionStrings:database"] = database.ConnectionString;
    }

    public ValueTask DisposeAsync() => _resource?.DisposeAsync() ?? default;
}
