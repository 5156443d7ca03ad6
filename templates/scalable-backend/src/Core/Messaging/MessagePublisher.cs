using System.Diagnostics;
using System.Text.Json;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

public sealed class MessagePublisher(AppDbContext db, TimeProvider clock)
{
    /// <summary>Adds the message to the outbox. It is sent after the caller's changes are saved, and never if they are not.</summary>
    /// <param name="message">What has happened.</param>
    /// <param name="notBefore">When to send it; at once if left out or past.</param>
    public void Publish<TMessage>(TMessage message, DateTimeOffset? notBefore = null)
        where TMessage : IMessage
    {
        var now = clock.GetUtcNow();
        var due = notBefore > now ? notBefore.Value : now;
        db.OutboxMessages.Add(new OutboxMessage
        {
            // As old as its sending, because the inbox forgets by the age of the id.
            Id = Guid.CreateVersion7(due),
            Type = TMessage.MessageType,
            Body = JsonSerializer.Serialize(message, JsonSerializerOptions.Web),
            TraceParent = Activity.Current?.Id,
            CreatedAt = now,
            DueAt = due,
        });
    }
}
