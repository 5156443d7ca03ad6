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

    private readonly List<IAsyncDisposable> _containers = [];

    public static string Missing =>
        $"Needs Docker, or servers of yours in the environment variables {string.Join(", ", Names.Select(Variable))}.";

    public Dictionary<string, string> Settings { get; } = [];

    /// <returns>Null if neither the environment nor Docker can give them.</returns>
    public static async Task<Servers?> StartAsync(CancellationToken cancellationToken)
    {
        var servers = new Servers();
        foreach (var name in Names)
        {
            if (Environment.GetEnvironmentVariable(Variable(name)) is { Length: > 0 } connectionString)
            {
                servers.Settings[$"ConnectionStrings:{name}"] = connectionString;
            }
        }

        if (servers.Settings.Count < Names.Length)
        {
            if (!await Docker.IsRunningAsync(cancellationToken))
            {
                return null;
            }

            await servers.StartContainersAsync(cancellationToken);
        }

        return servers;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var container in _containers)
        {
            await container.DisposeAsync();
        }
    }

    private static string Variable(string name) => $"ConnectionStrings__{name}";

    private async Task StartContainersAsync(CancellationToken cancellationToken)
    {
#if (HasReplica)
        var replica = new ReplicaServers();
        _containers.Add(replica);
        await replica.StartAsync(cancellationToken);
        Settings["ConnectionStrings:database"] = replica.Primary;
        Settings["ConnectionStrings:replica"] = replica.Standby;
#elseif (HasPostgres)
        var postgres = new PostgreSqlBuilder("postgres:18.3").Build();
        _containers.Add(postgres);
        await postgres.StartAsync(cancellationToken);
        Settings["ConnectionStrings:database"] = postgres.GetConnectionString();
#endif
#if (HasRedis)
        var redis = new RedisBuilder("redis:8.6").Build();
        _containers.Add(redis);
        await redis.StartAsync(cancellationToken);
        Settings["ConnectionStrings:cache"] = redis.GetConnectionString();
#endif
#if (HasRabbitMq)
        var rabbitMq = new RabbitMqBuilder("rabbitmq:4.3").Build();
        _containers.Add(rabbitMq);
        await rabbitMq.StartAsync(cancellationToken);
        Settings["ConnectionStrings:broker"] = rabbitMq.GetConnectionString();
#endif
    }
}
