using System.Globalization;
using System.Text.RegularExpressions;

namespace Runner;

/// <summary>SQL statements per message from pg_stat_statements, if enabled.</summary>
internal static partial class Statements
{
    public static async Task ResetAsync(Session session, RunOptions options, CancellationToken cancellationToken)
    {
        if (options.Statements)
        {
            await ExecuteAsync(session, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", cancellationToken);
            await ExecuteAsync(session, "SELECT pg_stat_statements_reset()", cancellationToken);
        }
    }

    public static async Task PrintAsync(Session session, RunOptions options, int messages, CancellationToken cancellationToken)
    {
        if (!options.Statements)
        {
            return;
        }

        await using var command = session.Database.CreateCommand("""
            SELECT calls, total_plan_time, total_exec_time, query FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND calls > 1 AND query !~ 'count\(|pg_stat'
            ORDER BY total_plan_time + total_exec_time DESC LIMIT 14
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        Console.Error.WriteLine("   per message: calls, planning µs, execution µs; statement");
        while (await reader.ReadAsync(cancellationToken))
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"   {(double)reader.GetInt64(0) / messages,8:0.000} {reader.GetDouble(1) * 1000 / messages,8:0.0} {reader.GetDouble(2) * 1000 / messages,8:0.0}  {Short(reader.GetString(3))}"));
        }
    }

    private static async Task ExecuteAsync(Session session, string sql, CancellationToken cancellationToken)
    {
        await using var command = session.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Short(string query)
    {
        var line = Spaces().Replace(query, " ");
        return line.Length > 150 ? line[..150] : line;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
