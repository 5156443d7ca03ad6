using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Api.Replica;

internal static class WriteAheadLog
{
    /// <summary>Asks the primary how far it has saved: past everything that is committed.</summary>
    public const string SavedPosition = "SELECT pg_current_wal_flush_lsn()";

    /// <summary>Asks the standby how far it shows what the primary has saved.</summary>
    public const string ReplayedPosition = "SELECT pg_last_wal_replay_lsn()";

    /// <summary>Asks the standby how far it has received what the primary has saved; null while it is not connected to it.</summary>
    public const string ReceivedPosition = "SELECT pg_last_wal_receive_lsn() WHERE EXISTS (SELECT FROM pg_stat_wal_receiver)";

    private const int TimeoutSeconds = 2;

    public static async Task<NpgsqlLogSequenceNumber> GetSavedPositionAsync(this DbConnection primary)
    {
        await using var command = CreateCommand(primary, SavedPosition);
        return (NpgsqlLogSequenceNumber)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>
    /// Whether the context reads from a standby that has replayed <paramref name="position"/>. The connection stays open for the
    /// queries of the context. If it breaks and a retry opens another one, that leads to the same standby or to the primary.
    /// </summary>
    public static async Task<bool> HasReplayedAsync(this AppDbContext standby, NpgsqlLogSequenceNumber position, CancellationToken cancellationToken)
    {
        await standby.Database.OpenConnectionAsync(cancellationToken);
        // False on the primary, which answers in place of a standby that is gone: a retry could lead from it to the standby.
        await using var command = CreateCommand(standby.Database.GetDbConnection(), "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1");
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.PgLsn, Value = position });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static NpgsqlCommand CreateCommand(DbConnection connection, string sql) =>
        new(sql, (NpgsqlConnection)connection) { CommandTimeout = TimeoutSeconds };
}
