using RabbitMQ.Client;
using ScalableTemplates.Tests.EndToEnd;

namespace Runner.Servers;

/// <summary>The servers that all contenders share, one contender at a time.</summary>
internal sealed class ServerSet : IAsyncDisposable
{
    private readonly RabbitMqServer rabbitMq = new();
    private readonly RedisServer redis = new();
    private readonly PostgresServer postgres;
    private readonly string settings;

    private ServerSet(RunOptions options)
    {
        postgres = new PostgresServer(options.Statements);
        settings = options.Connection;
    }

    public static async Task<ServerSet> StartAsync(RunOptions options)
    {
        var servers = new ServerSet(options);
        try
        {
            await Task.WhenAll(servers.postgres.StartAsync(), servers.redis.StartAsync(), servers.rabbitMq.StartAsync());
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <returns>The connection strings of the servers, with an empty database and purged queues.</returns>
    public async Task<Dictionary<string, string>> GetConnectionStringsAsync(string database)
    {
        await PurgeQueuesAsync();
        return new()
        {
            ["database"] = await postgres.CreateDatabaseAsync(database) + settings,
            ["cache"] = redis.ConnectionString,
            ["broker"] = rabbitMq.ConnectionString,
        };
    }

    public Task<PostgresServer> StartStandbyAsync() => postgres.StartStandbyAsync();

    public async ValueTask DisposeAsync()
    {
        await postgres.DisposeAsync();
        await redis.DisposeAsync();
        await rabbitMq.DisposeAsync();
    }

    private async Task PurgeQueuesAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in (await rabbitMq.GetQueuesAsync()).Keys)
        {
            await channel.QueuePurgeAsync(queue);
        }
    }
}
