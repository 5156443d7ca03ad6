using System.Text.Json;
using Npgsql;

namespace Baseline;

internal sealed record PlaceOrderRequest(Guid Id, string Customer, decimal Total);

internal sealed record OrderPlaced(Guid OrderId);

internal static class Orders
{
    public static void MapOrders(this WebApplication app)
    {
        app.MapPost("/orders", PlaceAsync);
        app.MapPost("/seed", SeedAsync);
    }

    private static async Task<IResult> PlaceAsync(
        PlaceOrderRequest order, NpgsqlDataSource database, OutboxSignal signal, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new("INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)")
                {
                    Parameters = { new() { Value = order.Id }, new() { Value = order.Customer }, new() { Value = order.Total } },
                },
                new("INSERT INTO outbox (id, type, body) VALUES ($1, $2, $3)")
                {
                    Parameters = { new() { Value = Guid.CreateVersion7() }, new() { Value = Broker.MessageType }, new() { Value = Body(order.Id) } },
                },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Set();
        return Results.Accepted();
    }

    // All orders in one transaction, so the outbox is complete before the relay sees the first message.
    private static async Task<IResult> SeedAsync(int count, NpgsqlDataSource database, OutboxSignal signal, CancellationToken cancellationToken)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync("INSERT INTO orders (id, customer, total) SELECT id, 'ada', 12.5 FROM unnest($1) AS id", ids);
        await ExecuteAsync(
            "INSERT INTO outbox (id, type, body) SELECT * FROM unnest($1, $2, $3)",
            ids.Select(_ => Guid.CreateVersion7()).ToArray(),
            ids.Select(_ => Broker.MessageType).ToArray(),
            ids.Select(Body).ToArray());
        await transaction.CommitAsync(cancellationToken);
        signal.Set();
        return Results.Ok();

        async Task ExecuteAsync(string sql, params object[] values)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            foreach (var value in values)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            }

            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string Body(Guid orderId) => JsonSerializer.Serialize(new OrderPlaced(orderId), JsonSerializerOptions.Web);
}
