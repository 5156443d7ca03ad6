using System.Text;
using System.Text.Json;
using Shop.Shared.Data;

namespace Shop.Shared.Messaging;

public sealed class MessagePublisher(AppDbContext db, MessageContext context, TimeProvider clock)
{
    // Below the limit of any broker, which would reject a larger message when it is too late to tell the caller.
    private const int MaxBytes = 1024 * 1024;

    /// <summary>Adds the message to the outbox. It is sent once the caller's changes are committed, and never if they are not.</summary>
    /// <param name="message">The event to publish.</param>
    /// <param name="notBefore">The earliest time to send it; immediately by default.</param>
    /// <param name="headers">Custom headers, which handlers read from <see cref="MessageContext"/>.</param>
    /// <exception cref="ArgumentException">The message exceeds 1 MiB as JSON, or the headers exceed 8 KiB.</exception>
    public void Publish<TMessage>(TMessage message, DateTimeOffset? notBefore = null, IReadOnlyDictionary<string, string>? headers = null)
        where TMessage : IMessage
    {
        var body = JsonSerializer.Serialize(message, JsonSerializerOptions.Web);
        if (Encoding.UTF8.GetByteCount(body) is > MaxBytes and var size)
        {
            throw new ArgumentException(
                $"A message '{TMessage.MessageType}' of {size} bytes exceeds the limit of {MaxBytes} bytes. Store the data, and publish a reference to it.", nameof(message));
        }

        var now = clock.GetUtcNow();
        var due = notBefore > now ? notBefore.Value.ToUniversalTime() : now;
        // Derived from the due time: inbox retention goes by the timestamp in the id.
        var id = Guid.CreateVersion7(due);
        db.OutboxMessages.Add(new OutboxMessage
        {
            Id = id,
            Type = TMessage.MessageType,
            Body = body,
            Headers = MessageHeaders.Create(id, context.Message, headers),
            CreatedAt = now,
            DueAt = due,
        });
    }
}
