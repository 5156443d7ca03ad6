using Microsoft.EntityFrameworkCore;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

/// <summary>The messages in the outbox that were given up.</summary>
internal sealed class DeadLetters(AppDbContext db, TimeProvider clock, IEnumerable<HandlerRegistration> handlers)
{
    private readonly ILookup<string, string> _consumers = handlers.ToLookup(handler => handler.MessageType, handler => handler.Consumer);

    private IQueryable<OutboxMessage> GivenUp => db.OutboxMessages.Where(message => message.DueAt == null);

    public async Task<IReadOnlyList<DeadLetter>> ListAsync(CancellationToken cancellationToken)
    {
        var messages = await GivenUp.AsNoTracking().OrderBy(message => message.Id).ToListAsync(cancellationToken);
        return [.. messages.Select(message => new DeadLetter(
            message.Id.ToString(), string.Join(',', _consumers[message.Type]), message.Type, message.Attempts, message.Error, message.Body))];
    }

    /// <summary>Has them handled again, with all their tries.</summary>
    /// <param name="id">Which one; null for all.</param>
    /// <returns>How many.</returns>
    public Task<int> ReplayAsync(string? id, CancellationToken cancellationToken)
    {
        var messageId = id is null ? null : Guid.TryParse(id, out var parsed) ? parsed : (Guid?)Guid.Empty;
        return GivenUp
            .Where(message => messageId == null || message.Id == messageId)
            .ExecuteUpdateAsync(
                update => update
                    .SetProperty(message => message.DueAt, clock.GetUtcNow())
                    .SetProperty(message => message.Attempts, 0)
                    .SetProperty(message => message.Error, (string?)null),
                cancellationToken);
    }
}
