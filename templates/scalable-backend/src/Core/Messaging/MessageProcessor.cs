using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>Runs one handler on one message, with one lasting effect however often the message comes.</summary>
internal sealed partial class MessageProcessor(IServiceScopeFactory scopes, TimeProvider clock, ILogger<MessageProcessor> logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    public async Task ProcessAsync(HandlerRegistration handler, Guid messageId, string body, string? traceParent, CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.Start(ActivityKind.Consumer, $"process {handler.Consumer}", traceParent);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        var started = clock.GetTimestamp();
        var outcome = "failed";
        try
        {
            outcome = await HandleOnceAsync(handler, messageId, body, timeout.Token) ? "handled" : "duplicate";
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

    private async Task<bool> HandleOnceAsync(HandlerRegistration handler, Guid messageId, string body, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        if (await IsDoneAsync())
        {
            LogDuplicate(handler.Consumer, messageId);
            return false;
        }

        await handler.HandleAsync(scope.ServiceProvider, body, cancellationToken);
        db.InboxMessages.Add(new InboxMessage { Consumer = handler.Consumer, MessageId = messageId, HandledAt = clock.GetUtcNow() });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // The same message may have been handled elsewhere meanwhile; then the inbox key stopped this one.
            if (!await IsDoneAsync())
            {
                throw;
            }

            LogDuplicate(handler.Consumer, messageId);
            return false;
        }

        Task<bool> IsDoneAsync() => db.InboxMessages.AnyAsync(
            message => message.Consumer == handler.Consumer && message.MessageId == messageId, cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "{Consumer} has already handled message {MessageId}")]
    private partial void LogDuplicate(string consumer, Guid messageId);
}
