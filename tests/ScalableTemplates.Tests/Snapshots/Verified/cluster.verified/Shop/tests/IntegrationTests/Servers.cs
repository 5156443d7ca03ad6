namespace Shop.IntegrationTests;

/// <summary>The servers that the solution needs: those of the environment variables if set, otherwise containers.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private readonly List<ITestServer> _servers =
    [
        new PostgresServer(),
        new RedisServer(),
        new RabbitMqServer(),
    ];

    public static string SkipReason
    {
        get
        {
            var variables = new Servers()._servers.SelectMany(server => server.ConnectionStrings).Select(GetVariable);
            return $"Requires Docker, or connection strings of existing servers in the environment variables {string.Join(", ", variables)}.";
        }
    }

    public Dictionary<string, string> Settings { get; } = [];

    /// <returns>Null if the environment variables are not set and Docker is not running.</returns>
    public static async Task<Servers?> StartAsync(CancellationToken cancellationToken)
    {
        var servers = new Servers();
        var areExisting = servers._servers.SelectMany(server => server.ConnectionStrings).All(name => FindConnectionString(name) is not null);
        if (!areExisting && !await Docker.IsRunningAsync(cancellationToken))
        {
            return null;
        }

        try
        {
            foreach (var server in servers._servers)
            {
                await (areExisting
                    ? server.UseExistingAsync(FindConnectionString, servers.Settings, cancellationToken)
                    : server.StartContainerAsync(servers.Settings, cancellationToken));
            }

            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private static string GetVariable(string name) => $"ConnectionStrings__{name}";

    private static string? FindConnectionString(string name) =>
        Environment.GetEnvironmentVariable(GetVariable(name)) is { Length: > 0 } connectionString ? connectionString : null;
}
