using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Baseline;

internal sealed class WorkerOptions
{
    public ushort Concurrency { get; init; }

    public ushort Prefetch { get; init; }

    public int BatchSize { get; init; }
}

/// <summary>Idempotent consumer: one transaction per message or per batch inserts the inbox row and the effect; the ack follows the commit.</summary>
internal sealed class Worker(NpgsqlDataSource database, IConnection broker, IOptions<WorkerOptions> options) : BackgroundService
{
    private const string Consumer = "baseline.orders";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var channel = await broker.CreateChannelAsync(cancellationToken: stoppingToken);
        await Broker.DeclareAsync(channel, stoppingToken);
        await channel.BasicQosAsync(0, options.Value.Prefetch, global: false, stoppingToken);

        var deliveries = Channel.CreateUnbounded<Delivery>();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => deliveries.Writer.WriteAsync(Read(delivery), stoppingToken).AsTask();
        await channel.BasicConsumeAsync(Broker.Queue, autoAck: false, consumer, stoppingToken);
        await (options.Value.BatchSize > 1
            ? HandleBatchesAsync(channel, deliveries.Reader, stoppingToken)
            : Task.WhenAll(Enumerable.Range(0, options.Value.Concurrency).Select(_ => HandleAllAsync(channel, deliveries.Reader, stoppingToken))));
    }

    private async Task HandleAllAsync(IChannel channel, ChannelReader<Delivery> deliveries, CancellationToken cancellationToken)
    {
        await foreach (var delivery in deliveries.ReadAllAsync(cancellationToken))
        {
            await HandleAsync(delivery, cancellationToken);
            await channel.BasicAckAsync(delivery.Tag, multiple: false, cancellationToken);
        }
    }

    // Batches run sequentially, so each is as large as possible and one cumulative ack covers it.
    private async Task HandleBatchesAsync(IChannel channel, ChannelReader<Delivery> deliveries, CancellationToken cancellationToken)
    {
        while (await deliveries.WaitToReadAsync(cancellationToken))
        {
            var batch = new List<Delivery>();
            while (batch.Count < options.Value.BatchSize && deliveries.TryRead(out var delivery))
            {
                batch.Add(delivery);
            }

            await HandleAsync(batch, cancellationToken);
            await channel.BasicAckAsync(batch[^1].Tag, multiple: true, cancellationToken);
        }
    }

    private static Delivery Read(BasicDeliverEventArgs delivery) => new(
        delivery.DeliveryTag,
        Guid.Parse(delivery.BasicProperties.MessageId!),
        JsonSerializer.Deserialize<OrderPlaced>(delivery.Body.Span, JsonSerializerOptions.Web)!);

    private async Task HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var inbox = new NpgsqlCommand(
            "INSERT INTO inbox (consumer, message_id, handled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", connection, transaction)
        {
            Parameters = { new() { Value = Consumer }, new() { Value = delivery.MessageId }, new() { Value = DateTime.UtcNow } },
        };
        if (await inbox.ExecuteNonQueryAsync(cancellationToken) == 1)
        {
            await using var effect = new NpgsqlCommand(
                "INSERT INTO order_effects (order_id, handled_at) VALUES ($1, $2)", connection, transaction)
            {
                Parameters = { new() { Value = delivery.Message.OrderId }, new() { Value = DateTime.UtcNow } },
            };
            await effect.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task HandleAsync(List<Delivery> batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var inbox = new NpgsqlCommand(
            """
            INSERT INTO inbox (consumer, message_id, handled_at) SELECT $1, id, $3 FROM unnest($2) AS id
            ON CONFLICT DO NOTHING RETURNING message_id
            """,
            connection,
            transaction)
        {
            Parameters =
            {
                new() { Value = Consumer },
                new() { Value = batch.Select(delivery => delivery.MessageId).ToArray() },
                new() { Value = DateTime.UtcNow },
            },
        };
        var inserted = new HashSet<Guid>();
        await using (var reader = await inbox.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                inserted.Add(reader.GetGuid(0));
            }
        }

        await using var effect = new NpgsqlCommand(
            "INSERT INTO order_effects (order_id, handled_at) SELECT id, $2 FROM unnest($1) AS id", connection, transaction)
        {
            Parameters =
            {
                new() { Value = batch.Where(delivery => inserted.Remove(delivery.MessageId)).Select(delivery => delivery.Message.OrderId).ToArray() },
                new() { Value = DateTime.UtcNow },
            },
        };
        await effect.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private sealed record Delivery(ulong Tag, Guid MessageId, OrderPlaced Message);
}
