using System.Globalization;
using Npgsql;

namespace Runner;

internal static class BulkRows
{
    private const int ChunkSize = 500_000;

    /// <summary>Fills a table with copies of its first row, each with a new UUIDv7 of the last hour.</summary>
    /// <param name="others">Further columns to vary, such as <c>, 'name', i</c>; i is the number of the copy, row is the first row.</param>
    public static async Task CopyAsync(
        NpgsqlDataSource database, string table, string id, int count, string others, CancellationToken cancellationToken)
    {
        for (var done = 0; done < count; done += ChunkSize)
        {
            await ExecuteAsync(database, string.Create(CultureInfo.InvariantCulture, $"""
                INSERT INTO {table}
                SELECT (jsonb_populate_record(row, jsonb_build_object('{id}', {Id(count)}{others}))).*
                FROM (SELECT source AS row FROM {table} AS source LIMIT 1) AS first, generate_series({done + 1}, {Math.Min(done + ChunkSize, count)}) AS i
                """), cancellationToken);
            Report.Progress($"{table}: {Report.Number(Math.Min(done + ChunkSize, count))} rows");
        }

        await SettleAsync(database, table, cancellationToken);
    }

    /// <summary>Fills the outbox with messages that become due, one microsecond apart, once all are written, and waits until they are due.</summary>
    public static async Task ScheduleOrdersAsync(NpgsqlDataSource database, int count, CancellationToken cancellationToken)
    {
        var due = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(5 + (count / 10_000));
        await ExecuteAsync(database, string.Create(CultureInfo.InvariantCulture, $"""
            WITH ids AS (SELECT i, {Id(count)} AS id FROM generate_series(1, {count}) AS i),
            placed AS (INSERT INTO orders (id, customer, total) SELECT id, 'ada', 12.5 FROM ids)
            INSERT INTO outbox_messages (id, type, body, created_at, due_at, attempts)
            SELECT id, 'orders.placed', json_build_object('orderId', id), now(), '{due:O}'::timestamptz - ({count} - i) * interval '1 microsecond', 0
            FROM ids
            """), cancellationToken);
        await SettleAsync(database, "outbox_messages", cancellationToken);
        var left = due - DateTimeOffset.UtcNow;
        if (left < TimeSpan.Zero)
        {
            throw new InvalidOperationException($"Writing {count} orders to the outbox took longer than scheduled.");
        }

        await Task.Delay(left, cancellationToken);
    }

    /// <summary>Vacuums and checkpoints now, so that no background work disturbs the measurement.</summary>
    /// <param name="table">The table to vacuum; empty for all.</param>
    public static async Task SettleAsync(NpgsqlDataSource database, string table, CancellationToken cancellationToken)
    {
        await ExecuteAsync(database, $"VACUUM (ANALYZE) {table}", cancellationToken);
        await ExecuteAsync(database, "CHECKPOINT", cancellationToken);
    }

    // The UUIDv7 of row i; the timestamps of all rows are spread over the last hour.
    private static string Id(int count) => string.Create(CultureInfo.InvariantCulture, $"""
        (lpad(to_hex(((extract(epoch FROM now()) - 3600 + 3600.0 * i / {count}) * 1000)::bigint), 12, '0')
            || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid
        """);

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
