using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Servers that are started once for all tests of a collection.</summary>
public sealed class ServersFixture : IAsyncLifetime
{
    private const int VirtualHostsAtOnce = 10;

    private readonly PostgresServer postgres = new();
    private readonly RedisServer redis = new();
    private readonly RabbitMqServer rabbitMq = new() { MetricsPort = FreePort.Next() };
    private readonly Queue<string> virtualHosts = [];
    private int virtualHostsAdded;

    /// <summary>The reason to skip tests that need the servers; null if all are installed.</summary>
    internal static string? Missing { get; } = FindMissing();

    public async Task InitializeAsync()
    {
        if (Missing is null)
        {
            await Task.WhenAll(postgres.StartAsync(), redis.StartAsync(), rabbitMq.StartAsync());
            // The tests of generated solutions use this virtual host.
            await rabbitMq.AddVirtualHostAsync("tests");
        }
    }

    /// <returns>Connection strings with an empty database and a virtual host without queues.</returns>
    internal async Task<Dictionary<string, string>> GetConnectionStringsAsync() => new()
    {
        ["database"] = await postgres.CreateDatabaseAsync(),
        ["cache"] = redis.ConnectionString,
        // A new virtual host, as consumers would receive messages of earlier tests whose orders do not exist.
        ["broker"] = rabbitMq.ConnectionString + await GetVirtualHostAsync(),
    };

    /// <returns>The port at which RabbitMQ serves metrics to Prometheus.</returns>
    internal int BrokerMetricsPort => rabbitMq.MetricsPort!.Value;

    public async Task DisposeAsync()
    {
        await postgres.DisposeAsync();
        await redis.DisposeAsync();
        await rabbitMq.DisposeAsync();
    }

    private async Task<string> GetVirtualHostAsync()
    {
        if (virtualHosts.Count == 0)
        {
            foreach (var _ in Enumerable.Range(0, VirtualHostsAtOnce))
            {
                virtualHosts.Enqueue($"v{virtualHostsAdded++}");
            }

            await rabbitMq.AddVirtualHostsAsync([.. virtualHosts]);
        }

        return virtualHosts.Dequeue();
    }

    private static string? FindMissing()
    {
        var missing = new List<string>();
        if (PostgresServer.Binaries is null)
        {
            missing.Add("postgresql");
        }

        if (RedisServer.Binaries is null)
        {
            missing.Add("redis-server");
        }

        if (RabbitMqServer.Binaries is null)
        {
            missing.Add("rabbitmq-server");
        }

        return missing.Count == 0 ? null : $"Not installed: {string.Join(", ", missing)}. On Debian: apt-get install {string.Join(' ', missing)}";
    }
}

[CollectionDefinition("End to end")]
public sealed class EndToEndServers : ICollectionFixture<ServersFixture>;

[CollectionDefinition("Hardening")]
public sealed class HardeningServers : ICollectionFixture<ServersFixture>;
