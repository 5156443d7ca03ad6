using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>Real servers, started once for all tests of a collection that needs them.</summary>
public sealed class ServersFixture : IAsyncLifetime
{
    private const int VirtualHostsAtOnce = 10;

    private readonly PostgresServer postgres = new();
    private readonly RedisServer redis = new();
    private readonly RabbitMqServer rabbitMq = new();
    private readonly Queue<string> virtualHosts = [];
    private int virtualHostsAdded;

    /// <summary>Why tests that need the servers are skipped; null if they are not.</summary>
    internal static string? Missing { get; } = FindMissing();

    public async Task InitializeAsync()
    {
        if (Missing is null)
        {
            await Task.WhenAll(postgres.StartAsync(), redis.StartAsync(), rabbitMq.StartAsync());
            // For the tests of the generated solutions.
            await rabbitMq.AddVirtualHostAsync("tests");
        }
    }

    /// <returns>The connection strings of servers with an empty database and a virtual host without queues.</returns>
    internal async Task<Dictionary<string, string>> GetConnectionStringsAsync() => new()
    {
        ["database"] = await postgres.CreateDatabaseAsync(),
        ["cache"] = redis.ConnectionString,
        // Consumers would take the messages that an earlier test has left, and not find what they are about.
        ["broker"] = rabbitMq.ConnectionString + await GetVirtualHostAsync(),
    };

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
