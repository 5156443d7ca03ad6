using Npgsql;

namespace Baseline;

internal static class Schema
{
    public static async Task CreateAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("""
            CREATE TABLE orders (id uuid PRIMARY KEY, customer text NOT NULL, total numeric(18, 2) NOT NULL);
            CREATE TABLE order_effects (order_id uuid PRIMARY KEY, handled_at timestamptz NOT NULL);
            CREATE TABLE outbox (id uuid PRIMARY KEY, type text NOT NULL, body text NOT NULL);
            CREATE TABLE inbox (
                consumer text NOT NULL, message_id uuid NOT NULL, handled_at timestamptz NOT NULL,
                PRIMARY KEY (consumer, message_id));
            """);
        await command.ExecuteNonQueryAsync();
    }
}
