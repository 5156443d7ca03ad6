using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Shop.Shared.Data;

/// <summary>
/// Fails attempts to open a connection immediately while <see cref="DatabaseMonitor"/> reports the database as unavailable, so
/// requests do not wait for timeouts and retries. Closes with the first successful probe.
/// </summary>
internal sealed class DatabaseCircuitBreaker(DatabaseMonitor monitor, DatabaseProbe probe) : DbConnectionInterceptor
{
    public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        // Contexts for other servers have a different connection string.
        if (monitor.State == DatabaseState.Unavailable && eventData.Context?.Database.GetConnectionString() == probe.ConnectionString)
        {
            throw new DatabaseUnavailableException("The database is unavailable.");
        }

        return result;
    }

    public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(ConnectionOpening(connection, eventData, result));
}
