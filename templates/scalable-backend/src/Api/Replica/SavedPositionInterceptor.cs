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
    public override async ValueTask<InterceptionResult> ConnectionClosingAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        if (accessor.HttpContext is { } context && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.RequestServices.GetRequiredService<RequestDatabase>().SavedPosition = await TryGetPositionAsync(connection);
        }

        return result;
    }

    private async Task<NpgsqlLogSequenceNumber?> TryGetPositionAsync(DbConnection connection)
    {
        try
        {
            return await connection.GetSavedPositionAsync();
        }
        catch (Exception exception)
        {
            // What was asked for is done; an error now would say the opposite.
            LogNoToken(exception);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The response to a write goes without a consistency token")]
    private partial void LogNoToken(Exception exception);
}
