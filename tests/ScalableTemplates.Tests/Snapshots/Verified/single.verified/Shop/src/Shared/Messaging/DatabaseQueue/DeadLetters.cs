using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.DatabaseQueue;

/// <summary>The dead letters in the outbox.</summary>
internal sealed class DeadLetters(AppDbContext db, TimeProvider clock)
{
    /// <summary>Returns the newest dead letters.</summary>
    public async Task<List<DeadLetter>> ListAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        var messages = await Find(filter).AsNoTracking().OrderByDescending(message => message.Id).Take(filter.Limit).ToListAsync(cancellationToken);
        return messages.ConvertAll(message => new DeadLetter(
            message.MessageId.ToString()!, message.Consumer!, message.Type, message.Attempts, message.FailedAt,
            message.ExceptionType, message.Error, message.Stack, MessageHeaders.Read(message.Headers), message.Body));
    }

    /// <summary>Makes dead letters due again, with their attempts reset.</summary>
    /// <returns>The number of messages.</returns>
    public Task<int> ReplayAsync(DeadLetterFilter filter, CancellationToken cancellationToken) => Find(filter).ExecuteUpdateAsync(
        update => update.SetProperty(message => message.DueAt, clock.GetUtcNow()).SetProperty(message => message.Attempts, 0),
        cancellationToken);

    /// <summary>Deletes dead letters.</summary>
    /// <returns>The number of messages.</returns>
    public Task<int> DiscardAsync(DeadLetterFilter filter, CancellationToken cancellationToken) => Find(filter).ExecuteDeleteAsync(cancellationToken);

    private IQueryable<OutboxMessage> Find(DeadLetterFilter filter)
    {
        Guid? id = filter.Id is null ? null : Guid.TryParse(filter.Id, out var parsed) ? parsed : Guid.Empty;
        return db.OutboxMessages.Where(message => message.DueAt == null
            && (id == null || message.MessageId == id)
            && (filter.Handler == null || message.Consumer == filter.Handler)
            && (filter.Type == null || message.Type == filter.Type)
            && (filter.Before == null || message.FailedAt < filter.Before));
    }
}
