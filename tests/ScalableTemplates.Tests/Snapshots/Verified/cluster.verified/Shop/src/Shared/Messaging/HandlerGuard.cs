using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Shop.Shared.Messaging;

/// <summary>
/// Throws if a message handler saves by itself. Its changes must be in one transaction with the inbox row, which
/// <see cref="MessageProcessor"/> saves; otherwise a redelivered message would have its effects again.
/// </summary>
internal sealed class HandlerGuard : SaveChangesInterceptor, IDbCommandInterceptor
{
    private static readonly AsyncLocal<bool> IsHandling = new();

    public static HandlerGuard Instance { get; } = new();

    // The value is scoped to this async method.
    public static async Task RunAsync(Func<Task> handler)
    {
        IsHandling.Value = true;
        await handler();
    }

    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        ThrowIfHandling("SaveChanges");
        return result;
    }

    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
        new(SavingChanges(eventData, result));

    public InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        if (eventData.CommandSource is CommandSource.ExecuteUpdate or CommandSource.ExecuteDelete)
        {
            // ToString() may return the obsolete alias of ExecuteUpdate.
            ThrowIfHandling(eventData.CommandSource == CommandSource.ExecuteDelete ? "ExecuteDelete" : "ExecuteUpdate");
        }

        return result;
    }

    public ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
        new(NonQueryExecuting(command, eventData, result));

    private static void ThrowIfHandling(string call)
    {
        if (IsHandling.Value)
        {
            throw new InvalidOperationException(
                $"{call} within a message handler. Change tracked entities and return: they are saved in one transaction with the inbox row.");
        }
    }
}
