using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.EntityFrameworkCore;
using RabbitMQ.Client;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>The messages in the dead-letter queues, and the messages in the outbox that the broker has rejected.</summary>
internal sealed class DeadLetters(
    AppDbContext db, RabbitMqConnection connection, RabbitMqPublisher publisher, IEnumerable<HandlerRegistration> handlers, TimeProvider clock)
{
    /// <summary>Used as the handler name of messages that the broker rejected before they reached a queue.</summary>
    public const string Outbox = "outbox";

    /// <summary>Returns the newest dead letters.</summary>
    public async Task<List<DeadLetter>> ListAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        var rejected = await FindRejected(filter).AsNoTracking().OrderByDescending(message => message.FailedAt).Take(filter.Limit).ToListAsync(cancellationToken);
        var newest = new PriorityQueue<DeadLetter, DateTimeOffset>(rejected.Select(message => (Read(message), message.FailedAt ?? default)));
        await foreach (var (_, _, letter) in VisitAsync(filter, cancellationToken))
        {
            newest.Enqueue(letter, letter.FailedAt ?? default);
            if (newest.Count > filter.Limit)
            {
                newest.Dequeue();
            }
        }

        return [.. newest.UnorderedItems.OrderByDescending(letter => letter.Priority).Select(letter => letter.Element)];
    }

    /// <summary>Sends dead letters to their handlers again, with their attempts reset.</summary>
    /// <returns>The number of messages.</returns>
    public async Task<int> ReplayAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        var count = await FindRejected(filter).ExecuteUpdateAsync(
            update => update.SetProperty(message => message.DueAt, clock.GetUtcNow()).SetProperty(message => message.Attempts, 0), cancellationToken);
        await foreach (var (channel, message, letter) in VisitAsync(filter, cancellationToken))
        {
            using var activity = MessagingTelemetry.StartPublish(letter.Consumer, letter.Id, letter.Headers);
            var properties = new BasicProperties(message.BasicProperties) { Headers = RabbitMqHeaders.Create(letter.Headers, activity) };
            // A crash between publishing and acknowledging leaves a copy, which the inbox recognizes by its id.
            await publisher.PublishAsync("", letter.Consumer, properties, message.Body, cancellationToken);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
            count++;
        }

        return count;
    }

    /// <summary>Deletes dead letters.</summary>
    /// <returns>The number of messages.</returns>
    public async Task<int> DiscardAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        var count = await FindRejected(filter).ExecuteDeleteAsync(cancellationToken);
        await foreach (var (channel, message, _) in VisitAsync(filter, cancellationToken))
        {
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
            count++;
        }

        return count;
    }

    private IQueryable<OutboxMessage> FindRejected(DeadLetterFilter filter)
    {
        Guid? id = filter.Id is null ? null : Guid.TryParse(filter.Id, out var parsed) ? parsed : Guid.Empty;
        return db.OutboxMessages.Where(message => message.DueAt == null
            && (id == null || message.Id == id)
            && (filter.Handler == null || filter.Handler == Outbox)
            && (filter.Type == null || message.Type == filter.Type)
            && (filter.Before == null || message.FailedAt < filter.Before));
    }

    private async IAsyncEnumerable<(IChannel Channel, BasicGetResult Message, DeadLetter Letter)> VisitAsync(
        DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = await connection.OpenAsync(cancellationToken);
        foreach (var handler in handlers.Where(handler => filter.Handler is null || filter.Handler == handler.Consumer))
        {
            await using var channel = await open.CreateChannelAsync(cancellationToken: cancellationToken);
            await RabbitMqTopology.DeclareDeadLetterQueueAsync(channel, handler.Consumer, cancellationToken);
            var queue = RabbitMqTopology.DeadLetterQueue(handler.Consumer);
            // Visits only as many messages as the queue held at first; otherwise, a replayed message that fails again immediately would be visited again.
            var left = uint.MaxValue;
            while (left > 0 && await channel.BasicGetAsync(queue, autoAck: false, cancellationToken) is { } message)
            {
                left = Math.Min(left - 1, message.MessageCount);
                if (Read(handler, message) is var letter && Matches(filter, letter))
                {
                    yield return (channel, message, letter);
                }
            }

            // Requeues immediately; closing the channel would requeue with a delay, during which the messages seem to be gone.
            await channel.BasicNackAsync(0, multiple: true, requeue: true, cancellationToken);
        }
    }

    private static bool Matches(DeadLetterFilter filter, DeadLetter letter) =>
        (filter.Id is null || filter.Id == letter.Id)
        && (filter.Type is null || filter.Type == letter.Type)
        && (filter.Before is null || letter.FailedAt < filter.Before);

    private static DeadLetter Read(OutboxMessage message) => new(
        message.Id.ToString(), Outbox, message.Type, message.Attempts, message.FailedAt,
        ExceptionType: null, message.Error, Stack: null, HandlerVersion: null, MessageHeaders.Read(message.Headers), message.Body);

    private static DeadLetter Read(HandlerRegistration handler, BasicGetResult message)
    {
        var properties = message.BasicProperties;
        return new DeadLetter(
            properties.MessageId ?? "",
            handler.Consumer,
            properties.Type,
            properties.GetAttempts(),
            DateTimeOffset.TryParse(properties.GetText(RabbitMqHeaders.FailedAt), CultureInfo.InvariantCulture, out var failedAt) ? failedAt : null,
            properties.GetText(RabbitMqHeaders.ExceptionType),
            properties.GetText(RabbitMqHeaders.Error) ?? properties.GetText(RabbitMqHeaders.FirstDeathReason),
            properties.GetText(RabbitMqHeaders.Stack),
            properties.GetText(RabbitMqHeaders.HandlerVersion),
            properties.GetHeaders(),
            Encoding.UTF8.GetString(message.Body.Span));
    }
}
