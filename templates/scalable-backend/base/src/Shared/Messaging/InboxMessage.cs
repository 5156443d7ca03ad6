using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ScalableBackend.Shared.Messaging;

/// <summary>Says that a handler is done with a message; saved with the handler's own changes.</summary>
public sealed class InboxMessage
{
    public required Guid MessageId { get; init; }

    public required string Consumer { get; init; }

    public required DateTimeOffset HandledAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<InboxMessage>
    {
        public void Configure(EntityTypeBuilder<InboxMessage> builder)
        {
            builder.HasKey(message => new { message.MessageId, message.Consumer });
            builder.Property(message => message.Consumer).HasMaxLength(100);
        }
    }
}
