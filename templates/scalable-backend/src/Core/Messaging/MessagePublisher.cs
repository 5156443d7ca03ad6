using System.Diagnostics;
using System.Text.Json;
using ScalableBackend.Core.Data;

namespace ScalableBackend.Core.Messaging;

public sealed class MessagePublisher(AppDbContext db, TimeProvider clock)
{
    /// <summary>Adds the message to the outbox. It is sent after the caller's changes are saved, and never if they are not.</summary>
    public void Publish<TMessage>(TMessage message)
        where TMessage : IMessage
    {
        var now = clock.GetUtcNow();
        db.OutboxMessages.Add(new OutboxMessage
        {
            Id = Guid.CreateVersion7(now),
            Type = TMessage.MessageType,
            Body = JsonSerializer.Serialize(message, JsonSerializerOptions.Web),
            TraceParent = Activity.Current?.Id,
            CreatedAt = now,
            DueAt = now,
        });
    }
}
