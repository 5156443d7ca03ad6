using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using NpgsqlTypes;

namespace ScalableBackend.Api.Replica;

/// <summary>
/// Asks how far the primary has saved, for the token of the response, before a request that may write returns its connection:
/// for another one it would wait, after its commit, behind requests that have not begun.
/// </summary>
internal sealed partial class SavedPositionInterceptor(IHttpContextAccessor accessor, ILogger<SavedPositionInterceptor> logger)
    : DbConnectionInterceptor
{
    public override InterceptionResult ConnectionOpening(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        // What is written now is past a position that was asked for earlier, also if nothing asks for a later one.
        GetWritingScope()?.SavedPosition = ConsistencyToken.Unknown;
        return result;
    }

    public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
        new(ConnectionOpening(connection, eventData, result));

    public override async ValueTask<InterceptionResult> ConnectionClosingAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        if (GetWritingScope() is { } scope)
        {
            scope.SavedPosition = await GetPositionAsync(connection);
        }

        return result;
    }

    private RequestDatabase? GetWritingScope() =>
        accessor.HttpContext is { } context && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            ? context.RequestServices.GetRequiredService<RequestDatabase>()
            : null;

    private async Task<NpgsqlLogSequenceNumber> GetPositionAsync(DbConnection connection)
    {
        try
        {
            return await connection.GetSavedPositionAsync();
        }
        catch (Exception exception)
        {
            // The request has succeeded; an error now would say the opposite.
            LogUnknownPosition(exception.Message);
            return ConsistencyToken.Unknown;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not read the position in the write-ahead log; the caller's next reads go to the primary: {Reason}")]
    private partial void LogUnknownPosition(string reason);
}
