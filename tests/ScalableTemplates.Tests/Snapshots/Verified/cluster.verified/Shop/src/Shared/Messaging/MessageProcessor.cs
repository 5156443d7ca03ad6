using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging;

/// <summary>Idempotent consumer: messages are delivered at least once, and their database effects happen effectively once.</summary>
internal sealed partial class MessageProcessor(
    IServiceScopeFactory scopes, IOptionsMonitor<MessagingOptions> options, TimeProvider clock, ILogger<MessageProcessor> logger)
{
    private static readonly Func<AppDbContext, string, Guid[], IAsyncEnumerable<Guid>> FindHandled = EF.CompileAsyncQuery(
        (AppDbContext db, string consumer, Guid[] ids) => db.InboxMessages
            .Where(message => ids.Contains(message.MessageId) && message.Consumer == consumer)
            .Select(message => message.MessageId));

    /// <summary>Looks messages up in the inbox, in one query for all of them.</summary>
    /// <returns>The ids of the messages that the handler has already handled.</returns>
    /// <exception cref="DatabaseUnavailableException">The query failed.</exception>
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
                MessagingTelemetry.Duplicate(handler.Consumer);
            }

            return handled;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The query depends on no message content, so any failure is one of the database.
            throw new DatabaseUnavailableException(exception.Message);
        }
    }

    /// <summary>Runs the handler and saves its changes with the inbox rows. Messages that were handled elsewhere meanwhile have no second effect.</summary>
    public async Task ProcessAsync(HandlerRegistration handler, IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.StartProcess(handler.Consumer, messages);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Get(handler.Consumer).Timeout);
        var started = clock.GetTimestamp();
        try
        {
            await HandleAsync(handler, messages, timeout.Token);
            MessagingTelemetry.Processed(handler.Consumer, clock.GetElapsedTime(started));
            MessagingTelemetry.Delivered(handler.Consumer, messages, clock.GetUtcNow());
        }
        catch (Exception exception)
        {
            // If they were handled elsewhere, the primary key of the inbox has rejected these changes.
            if (exception is DbUpdateException
                && (await FindHandledAsync(handler, messages.Select(message => message.Id), cancellationToken)).Count == messages.Count)
            {
                return;
            }

            activity?.SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error, exception.Message);
            MessagingTelemetry.Processed(handler.Consumer, clock.GetElapsedTime(started), exception);
            throw;
        }
    }

    /// <summary>
    /// Whether a failure is due to the database rather than to the message. An ambiguous failure, such as a timeout, counts as an
    /// outage only if the database does not accept a write now.
    /// </summary>
    public async Task<bool> IsOutageAsync(Exception exception, CancellationToken cancellationToken) =>
        DatabaseFailures.IsOutage(exception) || (DatabaseFailures.MayBeOutage(exception) && !await CanSaveAsync(cancellationToken));

    /// <summary>Whether the database accepts a write now, by inserting an inbox row and rolling back.</summary>
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

    [LoggerMessage(LogLevel.Information, "{Consumer} has already handled message {MessageId}; this delivery has no further effect")]
    private partial void LogDuplicate(string consumer, Guid messageId);
}
