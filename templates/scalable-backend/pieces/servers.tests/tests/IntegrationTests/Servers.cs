#if (HasPostgres && !HasReplica)
using Testcontainers.PostgreSql;
#endif
#if (HasRabbitMq)
using Testcontainers.RabbitMq;
#endif
#if (HasRedis)
using Testcontainers.Redis;
#endif
#if (HasRabbitMq || HasRedis || !HasReplica)

#endif
namespace ScalableBackend.IntegrationTests;

/// <summary>The real servers that the solution needs: those that the environment names, else containers.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private static readonly string[] Names =
    [
#if (HasPostgres)
        "database",
#endif
#if (HasReplica)
        "replica",
#endif
#if (HasRedis)
        "cache",
#endif
#if (HasRabbitMq)
        "broker",
#endif
    ];

    private readonly Stack<IAsyncDisposable> _started = [];
#if (HasRedis)

    /// <summary>Of keys and channels in a Redis that is also used by others.</summary>
    public static string RedisPrefix { get; } = $"tests-{Guid.NewGuid():N}:";
#endif

    public static string Missing =>
        $"Needs Docker, or servers of yours in the environment variables {string.Join(", ", Names.Select(Variable))}.";

    public Dictionary<string, string> Settings { get; } = [];

    /// <returns>Null if neither the environment nor Docker can give them.</returns>
    public static async Task<Servers?> StartAsync(CancellationToken cancellationToken)
    {
        var isNamed = Names.All(name => Named(name) is not null);
        if (!isNamed && !await Docker.IsRunningAsync(cancellationToken))
        {
            return null;
        }

        var servers = new Servers();
        try
        {
            if (!isNamed)
            {
                await servers.StartContainersAsync(cancellationToken);
                return servers;
            }

            // Others may be using these servers, with data that is not for tests.
            foreach (var name in Names)
            {
                servers.Settings[$"ConnectionStrings:{name}"] = Named(name)!;
            }
#if (HasPostgres)

            await servers.CreateDatabaseAsync(cancellationToken);
#endif
#if (HasRabbitMq)

            await servers.ReserveVirtualHostAsync(cancellationToken);
#endif
#if (HasRedis)
            servers.Settings["ConnectionStrings:cache"] = $"{Named("cache")},channelPrefix={RedisPrefix}";
#endif

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

    private static string? Named(string name) =>
        Environment.GetEnvironmentVariable(Variable(name)) is { Length: > 0 } connectionString ? connectionString : null;

#if (HasPostgres)
    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var database = await TestDatabase.CreateAsync(Named("owner") ?? Named("database")!, cancellationToken);
        _started.Push(database);
        Settings["ConnectionStrings:database"] = database.ConnectionString;
#if (HasReplica)
        Settings["ConnectionStrings:replica"] = database.On(Named("replica")!);
#endif
    }

#endif
#if (HasRabbitMq)
    private async Task ReserveVirtualHostAsync(CancellationToken cancellationToken)
    {
        var virtualHost = await TestVirtualHost.ReserveAsync(Named("broker")!, cancellationToken);
        _started.Push(virtualHost);
        Settings["ConnectionStrings:broker"] = virtualHost.ConnectionString;
    }

#endif
    private async Task StartContainersAsync(CancellationToken cancellationToken)
    {
#if (HasReplica)
        var replica = new ReplicaServers();
        _started.Push(replica);
        await replica.StartAsync(cancellationToken);
        Settings["ConnectionStrings:database"] = replica.Primary;
        Settings["ConnectionStrings:replica"] = replica.Standby;
#endif
#if (HasPostgres && !HasReplica)
        var postgres = new PostgreSqlBuilder("postgres:18.3").Build();
        _started.Push(postgres);
        await postgres.StartAsync(cancellationToken);
        Settings["ConnectionStrings:database"] = postgres.GetConnectionString();
#endif
#if (HasRedis)
        var redis = new RedisBuilder("redis:8.6.7").Build();
        _started.Push(redis);
        await redis.StartAsync(cancellationToken);
        Settings["ConnectionStrings:cache"] = redis.GetConnectionString();
#endif
#if (HasRabbitMq)
        var rabbitMq = new RabbitMqBuilder("rabbitmq:4.3.6").Build();
        _started.Push(rabbitMq);
        await rabbitMq.StartAsync(cancellationToken);
        Settings["ConnectionStrings:broker"] = rabbitMq.GetConnectionString();
#endif
    }
}
