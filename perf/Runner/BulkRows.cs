using System.Globalization;
using Npgsql;

namespace Runner;

internal static class BulkRows
{
    private const int AtOnce = 500_000;

    /// <summary>Fills a table with copies of its first row that differ in their id, a UUIDv7 of the last hour.</summary>
    /// <param name="others">More that differs, such as <c>, 'name', i</c>, where i is the number of the copy and row the first row.</param>
    public static async Task CopyAsync(
        NpgsqlDataSource database, string table, string id, int count, string others, CancellationToken cancellationToken)
    {
        for (var done = 0; done < count; done += AtOnce)
        {
            await ExecuteAsync(database, string.Create(CultureInfo.InvariantCulture, $"""
                INSERT INTO {table}
                SELECT (jsonb_populate_record(row, jsonb_build_object('{id}',
                    (lpad(to_hex(((extract(epoch FROM now()) - 3600 + 3600.0 * i / {count}) * 1000)::bigint), 12, '0')
                        || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid{others}))).*
                FROM (SELECT source AS row FROM {table} AS source LIMIT 1) AS first, generate_series({done + 1}, {Math.Min(done + AtOnce, count)}) AS i
                """), cancellationToken);
            Report.Progress($"{table}: {Report.Number(Math.Min(done + AtOnce, count))} rows");
        }

        await ExecuteAsync(database, $"VACUUM (ANALYZE) {table}", cancellationToken);
        await ExecuteAsync(database, "CHECKPOINT", cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
