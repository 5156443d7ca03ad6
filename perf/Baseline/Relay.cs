using System.Text;
using Npgsql;
using RabbitMQ.Client;

namespace Baseline;

internal sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);

    public void Set()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    public Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _signal.WaitAsync(timeout, cancellationToken);

    public void Dispose() => _signal.Dispose();
}

/// <summary>Claims messages with row locks, publishes them with publisher confirms and deletes them. Safe to run in any number of processes.</summary>
internal sealed class Relay(NpgsqlDataSource database, IConnection broker, OutboxSignal signal) : BackgroundService
{
    private const int BatchSize = 100;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var channel = await broker.CreateChannelAsync(new CreateChannelOptions(true, true), stoppingToken);
        await Broker.DeclareAsync(channel, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            if (await RelayBatchAsync(channel, stoppingToken) == 0)
            {
                await signal.WaitAsync(PollInterval, stoppingToken);
            }
        }
    }

    private async Task<int> RelayBatchAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var claim = new NpgsqlCommand(
            "SELECT id, type, body FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED", connection, transaction)
        {
            Parameters = { new() { Value = BatchSize } },
        };
        var ids = new List<Guid>(BatchSize);
        var published = new List<Task>(BatchSize);
        await using (var reader = await claim.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                ids.Add(reader.GetGuid(0));
                published.Add(PublishAsync(reader.GetGuid(0), reader.GetString(1), reader.GetString(2)));
            }
        }

        if (ids.Count == 0)
        {
            return 0;
        }

        await Task.WhenAll(published);
        await using var delete = new NpgsqlCommand("DELETE FROM outbox WHERE id = ANY($1)", connection, transaction)
        {
            Parameters = { new() { Value = ids.ToArray() } },
        };
        await delete.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ids.Count;

        Task PublishAsync(Guid id, string type, string body) => channel.BasicPublishAsync(
            Broker.Exchange,
            type,
            mandatory: true,
            new BasicProperties { MessageId = id.ToString(), Type = type, DeliveryMode = DeliveryModes.Persistent },
            Encoding.UTF8.GetBytes(body),
            cancellationToken).AsTask();
    }
}
