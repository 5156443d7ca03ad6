using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Shop.Shared.Data;

/// <summary>
/// Closes the pooled connections when a server refuses a write as read-only. After a failover the address leads to the new primary,
/// but a connection stays with its server.
/// </summary>
internal sealed class ReadOnlyServerInterceptor : DbCommandInterceptor
{
    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData)
    {
        if (eventData.Exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } && command.Connection is NpgsqlConnection connection)
        {
            NpgsqlConnection.ClearPool(connection);
        }
    }

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        CommandFailed(command, eventData);
        return Task.CompletedTask;
    }
}
