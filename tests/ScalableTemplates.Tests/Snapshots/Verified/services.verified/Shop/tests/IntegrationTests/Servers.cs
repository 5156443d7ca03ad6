using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;
using Testcontainers.Redis;

namespace Shop.IntegrationTests;

/// <summary>The servers that the solution needs: those of the environment variables if set, otherwise containers.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private static readonly string[] Names =
    [
        "database",
        "cache",
        "broker",
    ];

    private readonly Stack<IAsyncDisposable> _started = [];

    /// <summary>Prefix of keys and channels, as the Redis server may be shared.</summary>
    public static string RedisPrefix { get; } = $"tests-{Guid.NewGuid():N}:";

    public static string SkipReason =>
        $"Requires Docker, or connection strings of existing servers in the environment variables {string.Join(", ", Names.Select(Variable))}.";

    public Dictionary<string, string> Settings { get; } = [];

    /// <returns>Null if the environment variables are not set and Docker is not running.</returns>
    public static async Task<Servers?> StartAsync(CancellationToken cancellationToken)
    {
        var hasConnectionStrings = Names.All(name => FindConnectionString(name) is not null);
        if (!hasConnectionStrings && !await Docker.IsRunningAsync(cancellationToken))
        {
            return null;
        }

        var servers = new Servers();
        try
        {
            if (!hasConnectionStrings)
            {
                await servers.StartContainersAsync(cancellationToken);
                return servers;
            }

            // These servers may be shared, so the tests must not touch existing data.
            foreach (var name in Names)
            {
                servers.Settings[$"ConnectionStrings:{name}"] = FindConnectionString(name)!;
            }

            await servers.CreateDatabaseAsync(cancellationToken);

            await servers.ReserveVirtualHostAsync(cancellationToken);
            servers.Settings["ConnectionStrings:cache"] = $"{FindConnectionString("cache")},channelPrefix={RedisPrefix}";

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
        while (_started.TryPop(out var server))
        {
            await server.DisposeAsync();
        }
    }

    private static string Variable(string name) => $"ConnectionStrings__{name}";

    private static string? FindConnectionString(string name) =>
        Environment.GetEnvironmentVariable(Variable(name)) is { Length: > 0 } connectionString ? connectionString : null;

    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var database = await TestDatabase.CreateAsync(FindConnectionString("owner") ?? FindConnectionString("database")!, cancellationToken);
        _started.Push(database);
        Settings["ConnectionStrings:database"] = database.ConnectionString;
    }

    private async Task ReserveVirtualHostAsync(CancellationToken cancellationToken)
    {
        var virtualHost = await TestVirtualHost.ReserveAsync(FindConnectionString("broker")!, cancellationToken);
        _started.Push(virtualHost);
        Settings["ConnectionStrings:broker"] = virtualHost.ConnectionString;
    }

    private async Task StartContainersAsync(CancellationToken cancellationToken)
    {
        var postgres = new PostgreSqlBuilder("postgres:18.3").Build();
        _started.Push(postgres);
        await postgres.StartAsync(cancellationToken);
        Settings["ConnectionStrings:database"] = postgres.GetConnectionString();
        var redis = new RedisBuilder("redis:8.6.7").Build();
        _started.Push(redis);
        await redis.StartAsync(cancellationToken);
        Settings["ConnectionStrings:cache"] = redis.GetConnectionString();
        var rabbitMq = new RabbitMqBuilder("rabbitmq:4.3.6").Build();
        _started.Push(rabbitMq);
        await rabbitMq.StartAsync(cancellationToken);
        Settings["ConnectionStrings:broker"] = rabbitMq.GetConnectionString();
    }
}
