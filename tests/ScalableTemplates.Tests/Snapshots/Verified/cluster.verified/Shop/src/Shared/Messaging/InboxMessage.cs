using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Shop.Shared.Messaging;

/// <summary>A row of the inbox: records that a handler has handled a message, in the transaction of the handler's changes.</summary>
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
