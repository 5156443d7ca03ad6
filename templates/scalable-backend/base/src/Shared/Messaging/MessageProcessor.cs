using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging;

/// <summary>Runs a handler on messages, with one lasting effect however often a message comes.</summary>
internal sealed partial class MessageProcessor(
    IServiceScopeFactory scopes, IOptionsMonitor<MessagingOptions> options, TimeProvider clock, ILogger<MessageProcessor> logger)
{
    private static readonly Func<AppDbContext, string, Guid[], IAsyncEnumerable<Guid>> FindHandled = EF.CompileAsyncQuery(
        (AppDbContext db, string consumer, Guid[] ids) => db.InboxMessages
            .Where(message => ids.Contains(message.MessageId) && message.Consumer == consumer)
            .Select(message => message.MessageId));

    /// <summary>Looks into the inbox, so that no handler runs for what it has done. For many messages it costs as much as for one.</summary>
    /// <returns>The messages that the handler is already done with.</returns>
    public async Task<IReadOnlySet<Guid>> FindHandledAsync(HandlerRegistration handler, IEnumerable<Guid> messages, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
            var handled = await FindHandled(db, handler.Consumer, [.. messages]).ToHashSetAsync(cancellationToken: cancellationToken);
            foreach (var id in handled)
            {
                LogDuplicate(handler.Consumer, id);
                MessagingTelemetry.Processed(handler.Consumer, "duplicate", TimeSpan.Zero);
            }

            return handled;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // No message has a part in this query, so whatever fails is the database.
            throw new DatabaseUnavailableException(exception.Message);
        }
    }

    /// <summary>Runs the handler. Messages that were handled elsewhere meanwhile have no second effect.</summary>
    public async Task ProcessAsync(HandlerRegistration handler, IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.StartProcessing(handler.Consumer, messages);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Get(handler.Consumer).Timeout);
        var started = clock.GetTimestamp();
        try
        {
            await HandleAsync(handler, messages, timeout.Token);
            MessagingTelemetry.Processed(handler.Consumer, "handled", clock.GetElapsedTime(started));
        }
        catch (Exception exception)
        {
            // If it was handled elsewhere, the inbox key has stopped this one.
            if (exception is DbUpdateException
                && (await FindHandledAsync(handler, messages.Select(message => message.Id), cancellationToken)).Count == messages.Count)
            {
                return;
            }

            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            MessagingTelemetry.Processed(handler.Consumer, "failed", clock.GetElapsedTime(started));
            throw;
        }
    }

    /// <summary>
    /// Whether the database, and not the message, is why it failed. What may be either, such as a timeout, is an outage only if
    /// the database takes no row now.
    /// </summary>
    public async Task<bool> IsOutageAsync(Exception exception, CancellationToken cancellationToken) =>
        DatabaseFailures.IsOutage(exception) || (DatabaseFailures.MayBeOutage(exception) && !await CanSaveAsync(cancellationToken));

    /// <summary>Whether the database takes a row now, as it has to when a handler is done.</summary>
    public async Task<bool> CanSaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO inbox_messages (message_id, consumer, handled_at) VALUES ({Guid.CreateVersion7()}, 'probe', {clock.GetUtcNow()})", cancellationToken);
            await transaction.RollbackAsync(cancellationToken);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task HandleAsync(HandlerRegistration handler, IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<MessageContext>().Messages = messages;
        await HandlerGuard.RunAsync(() => handler.HandleAsync(scope.ServiceProvider, messages, cancellationToken));
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        var now = clock.GetUtcNow();
        db.InboxMessages.AddRange(messages.Select(message => new InboxMessage { Consumer = handler.Consumer, MessageId = message.Id, HandledAt = now }));
        await db.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} has already handled message {MessageId}")]
    private partial void LogDuplicate(string consumer, Guid messageId);
}
