using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Shop.Shared.Messaging;

/// <summary>A row of the transactional outbox: inserted in the transaction that publishes the message, deleted once the message is sent or handled.</summary>
public sealed class OutboxMessage
{
    public required Guid Id { get; init; }

    public required string Type { get; init; }

    public required string Body { get; init; }

    /// <summary>The <see cref="MessageHeaders"/> as JSON.</summary>
    public string? Headers { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When to send it. Null for a dead letter, which the broker has rejected; see <see cref="Error"/>.</summary>
    public DateTimeOffset? DueAt { get; set; }

    public int Attempts { get; set; }

    public string? Error { get; set; }

    public DateTimeOffset? FailedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<OutboxMessage>
    {
        public void Configure(EntityTypeBuilder<OutboxMessage> builder)
        {
            builder.Property(message => message.Id).ValueGeneratedNever();
            builder.Property(message => message.Type).HasMaxLength(100);
            builder.HasIndex(message => message.DueAt);
        }
    }
}
