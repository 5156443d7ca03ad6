using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using Shop.Shared.Data;

namespace Shop.Api.Replica;

internal static class WriteAheadLog
{
    /// <summary>For the primary: the LSN past all commits.</summary>
    public const string FlushLsnQuery = "SELECT pg_current_wal_flush_lsn()";

    /// <summary>For the standby: the LSN up to which changes are visible to queries.</summary>
    public const string ReplayLsnQuery = "SELECT pg_last_wal_replay_lsn()";

    /// <summary>For the standby: the LSN received from the primary; no row while it is not connected to the primary.</summary>
    public const string ReceiveLsnQuery = "SELECT pg_last_wal_receive_lsn() WHERE EXISTS (SELECT FROM pg_stat_wal_receiver)";

    private const int TimeoutSeconds = 2;

    public static async Task<NpgsqlLogSequenceNumber> GetFlushLsnAsync(this DbConnection primary)
    {
        await using var command = CreateCommand(primary, FlushLsnQuery);
        return (NpgsqlLogSequenceNumber)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>
    /// Returns whether the context is connected to a standby that has replayed <paramref name="lsn"/>. The connection stays open for the
    /// queries of the context. If it breaks, a retry connects to the same standby or to the primary.
    /// </summary>
    public static async Task<bool> HasReplayedAsync(this AppDbContext standby, NpgsqlLogSequenceNumber lsn, CancellationToken cancellationToken)
    {
        await standby.Database.OpenConnectionAsync(cancellationToken);
        // False if the data source fell back to the primary, because a retry could then connect to a standby that lags.
        await using var command = CreateCommand(standby.Database.GetDbConnection(), "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1");
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.PgLsn, Value = lsn });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static NpgsqlCommand CreateCommand(DbConnection connection, string sql) =>
        new(sql, (NpgsqlConnection)connection) { CommandTimeout = TimeoutSeconds };
}
