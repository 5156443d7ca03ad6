using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Runs a handler on messages, with one lasting effect however often a message comes.</summary>
internal sealed partial class MessageProcessor(IServiceScopeFactory scopes, TimeProvider clock, ILogger<MessageProcessor> logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    public async Task ProcessAsync(HandlerRegistration handler, IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.StartProcessing(handler.Consumer, messages);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        var started = clock.GetTimestamp();
        var outcome = "failed";
        try
        {
            outcome = await HandleOnceAsync(handler, messages, timeout.Token) ? "handled" : "duplicate";
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
        finally
        {
            MessagingTelemetry.Processed(handler.Consumer, outcome, clock.GetElapsedTime(started));
        }
    }

    private async Task<bool> HandleOnceAsync(HandlerRegistration handler, IReadOnlyList<ReceivedMessage> messages, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        messages = await SkipHandledAsync();
        if (messages.Count == 0)
        {
            return false;
        }

        await handler.HandleAsync(scope.ServiceProvider, messages, cancellationToken);
        var now = clock.GetUtcNow();
        db.InboxMessages.AddRange(messages.Select(message =>
            new InboxMessage { Consumer = handler.Consumer, MessageId = message.Id, HandledAt = now }));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // The same message may have been handled elsewhere meanwhile; then the inbox key stopped this one.
            if ((await SkipHandledAsync()).Count > 0)
            {
                throw;
            }

            return false;
        }

        async Task<IReadOnlyList<ReceivedMessage>> SkipHandledAsync()
        {
            var ids = messages.Select(message => message.Id).ToList();
            var handled = await db.InboxMessages
                .Where(message => ids.Contains(message.MessageId) && message.Consumer == handler.Consumer)
                .Select(message => message.MessageId)
                .ToListAsync(cancellationToken);
            foreach (var id in handled)
            {
                LogDuplicate(handler.Consumer, id);
            }

            return [.. messages.ExceptBy(handled, message => message.Id)];
        }
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} has already handled message {MessageId}")]
    private partial void LogDuplicate(string consumer, Guid messageId);
}
