using System.Text;
using System.Text.Json;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Shared.Messaging;

public sealed class MessagePublisher(AppDbContext db, MessageContext context, TimeProvider clock)
{
    // Below what any broker takes: a larger one would be refused when it is too late to tell the caller.
    private const int MaxBytes = 1024 * 1024;

    /// <summary>Adds the message to the outbox. It is sent after the caller's changes are saved, and never if they are not.</summary>
    /// <param name="message">What has happened.</param>
    /// <param name="notBefore">When to send it; at once if left out or past.</param>
    /// <param name="headers">What to tell the handlers beside the message, see <see cref="MessageContext"/>.</param>
    /// <exception cref="ArgumentException">The message is larger than 1 MiB as JSON, or the headers than 8 KiB.</exception>
    public void Publish<TMessage>(TMessage message, DateTimeOffset? notBefore = null, IReadOnlyDictionary<string, string>? headers = null)
        where TMessage : IMessage
    {
        var body = JsonSerializer.Serialize(message, JsonSerializerOptions.Web);
        if (Encoding.UTF8.GetByteCount(body) is > MaxBytes and var size)
        {
            throw new ArgumentException(
                $"A message '{TMessage.MessageType}' of {size} bytes is too large: at most {MaxBytes}. Store the data, and publish a reference to it.", nameof(message));
        }

        var now = clock.GetUtcNow();
        var due = notBefore > now ? notBefore.Value.ToUniversalTime() : now;
        // As old as its sending, because the inbox forgets by the age of the id.
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
