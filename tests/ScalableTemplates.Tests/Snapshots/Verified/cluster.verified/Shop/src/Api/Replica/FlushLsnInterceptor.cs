using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using NpgsqlTypes;

namespace Shop.Api.Replica;

/// <summary>
/// Reads the flush LSN of the primary for the consistency token before a write request returns its connection to the pool. Taking
/// another connection after the commit could wait behind requests that have not started.
/// </summary>
internal sealed partial class FlushLsnInterceptor(IHttpContextAccessor accessor, ILogger<FlushLsnInterceptor> logger)
    : DbConnectionInterceptor
{
    public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        // Discards an LSN that was read earlier: the writes on this connection are past it, even if reading a new one fails.
        GetWriteScope()?.FlushLsn = ConsistencyToken.Unknown;
        return result;
    }

    public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(ConnectionOpening(connection, eventData, result));

    public override async ValueTask<InterceptionResult> ConnectionClosingAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        if (GetWriteScope() is { } scope)
        {
            scope.FlushLsn = await GetFlushLsnOrUnknownAsync(connection);
        }

        return result;
    }

    private RequestDatabase? GetWriteScope() =>
        accessor.HttpContext is { } context && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            ? context.RequestServices.GetRequiredService<RequestDatabase>()
            : null;

    private async Task<NpgsqlLogSequenceNumber> GetFlushLsnOrUnknownAsync(DbConnection connection)
    {
        try
        {
            return await connection.GetFlushLsnAsync();
        }
        catch (Exception exception)
        {
            // The changes are committed; an error would report the opposite.
            LogUnknownLsn(exception.Message);
            return ConsistencyToken.Unknown;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not read the flush LSN of the primary; the caller's next reads go to the primary: {Reason}")]
    private partial void LogUnknownLsn(string reason);
}
