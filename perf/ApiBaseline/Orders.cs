using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace ApiBaseline;

internal sealed class Orders(NpgsqlDataSource database, OutboxSignal signal)
{
    public async Task GetAsync(HttpContext context, string subject)
    {
        if (!Guid.TryParse((string?)context.Request.RouteValues["id"], out var id))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await using var command = database.CreateCommand(
            "SELECT status, reason, total, lines FROM orders WHERE id = $1 AND customer_id = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        await using var reader = await command.ExecuteReaderAsync(context.RequestAborted);
        if (!await reader.ReadAsync(context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var order = new Order(
            id,
            reader.GetString(0),
            reader.IsDBNull(1) ? null : reader.GetString(1),
            reader.GetDecimal(2),
            JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(3), StoredJson.Default.ListOrderLine)!);
        await context.Response.WriteAsJsonAsync(order, Json.Default.Order, cancellationToken: context.RequestAborted);
    }

    public async Task ListAsync(HttpContext context, string subject)
    {
        var isLater = Guid.TryParse(context.Request.Query["after"], out var after);
        var limit = int.TryParse(context.Request.Query["limit"], CultureInfo.InvariantCulture, out var value) ? value : 20;
        await using var command = database.CreateCommand(isLater
            ? "SELECT id, status, total FROM orders WHERE customer_id = $1 AND id < $3 ORDER BY id DESC LIMIT $2"
            : "SELECT id, status, total FROM orders WHERE customer_id = $1 ORDER BY id DESC LIMIT $2");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit + 1 });
        if (isLater)
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after });
        }

        await using var reader = await command.ExecuteReaderAsync(context.RequestAborted);
        var rows = new List<OrderSummary>(limit + 1);
        while (await reader.ReadAsync(context.RequestAborted))
        {
            rows.Add(new OrderSummary(reader.GetGuid(0), reader.GetString(1), reader.GetDecimal(2)));
        }

        await context.Response.WriteAsJsonAsync(
            Page<OrderSummary>.Of(rows, limit, row => row.Id), Json.Default.PageOrderSummary, cancellationToken: context.RequestAborted);
    }

    // Two round trips and a commit. With concurrent requests of the same key, the second blocks on the unique index until the first commits.
    public async Task PlaceAsync(HttpContext context, string subject)
    {
        var cancellationToken = context.RequestAborted;
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        var request = await context.Request.ReadFromJsonAsync(Json.Default.PlaceOrderRequest, cancellationToken);
        if (request is not { Email.Length: > 0 and < 255, PaymentMethod.Length: > 0 and < 51, Lines.Count: > 0 and < 101 }
            || request.Lines.Exists(line => line.Quantity is < 1 or > 1000)
            || key.Length is 0 or > 100)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await GetLinesAsync(connection, request, cancellationToken) is not { } lines)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var now = DateTime.UtcNow;
        var id = Guid.CreateVersion7();
        var fingerprint = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, Json.Default.PlaceOrderRequest));
        var response = JsonSerializer.SerializeToUtf8Bytes(new PlaceOrderResponse(id, "Pending"), Json.Default.PlaceOrderResponse);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                Command(
                    """
                    INSERT INTO idempotency_records (customer_id, key, fingerprint, status_code, location, content_type, body, created_at)
                    VALUES ($1, $2, $3, 202, $4, 'application/json', $5, $6)
                    """,
                    subject, key, fingerprint, $"/v1/orders/{id}", response, now),
                Command(
                    """
                    INSERT INTO orders (id, customer_id, email, payment_method, total, status, lines)
                    VALUES ($1, $2, $3, $4, $5, 'Pending', $6)
                    """,
                    id, subject, request.Email, request.PaymentMethod, lines.Sum(line => line.Quantity * line.UnitPrice)),
                Command(
                    """
                    INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts) VALUES ($1, $2, $3, $4, $4, 0)
                    """,
                    Guid.CreateVersion7(), Relay.MessageType, JsonSerializer.Serialize(new OrderPlaced(id), Json.Default.OrderPlaced), now),
            },
        };
        batch.BatchCommands[1].Parameters.Add(new NpgsqlParameter
        {
            Value = JsonSerializer.SerializeToUtf8Bytes(lines, StoredJson.Default.ListOrderLine),
            NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb,
        });
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception is { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "idempotency_records" })
        {
            await transaction.RollbackAsync(cancellationToken);
            await ReplayAsync(context, connection, subject, key, fingerprint);
            return;
        }

        await transaction.CommitAsync(cancellationToken);
        signal.Set();
        await WriteResponseAsync(context, StatusCodes.Status202Accepted, $"/v1/orders/{id}", response);
    }

    private static async Task<List<OrderLine>?> GetLinesAsync(NpgsqlConnection connection, PlaceOrderRequest request, CancellationToken cancellationToken)
    {
        var prices = new Dictionary<Guid, decimal>();
        await using var command = new NpgsqlCommand("SELECT id, price FROM products WHERE id = ANY($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. request.Lines.Select(line => line.ProductId)] });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            prices.Add(reader.GetGuid(0), reader.GetDecimal(1));
        }

        return prices.Count == request.Lines.Count
            ? [.. request.Lines.Select(line => new OrderLine(line.ProductId, line.Quantity, prices[line.ProductId]))]
            : null;
    }

    private static async Task ReplayAsync(HttpContext context, NpgsqlConnection connection, string subject, string key, byte[] fingerprint)
    {
        await using var command = new NpgsqlCommand(
            "SELECT fingerprint, status_code, location, body FROM idempotency_records WHERE customer_id = $1 AND key = $2", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync(context.RequestAborted);
        await reader.ReadAsync(context.RequestAborted);
        if (!fingerprint.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(0)))
        {
            context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return;
        }

        await WriteResponseAsync(context, reader.GetInt32(1), reader.GetString(2), reader.GetFieldValue<byte[]>(3));
    }

    private static async Task WriteResponseAsync(HttpContext context, int statusCode, string location, byte[] body)
    {
        context.Response.StatusCode = statusCode;
        context.Response.Headers.Location = location;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static NpgsqlBatchCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
