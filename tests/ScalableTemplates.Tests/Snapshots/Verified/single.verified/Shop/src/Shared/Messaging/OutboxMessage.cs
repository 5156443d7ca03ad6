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

    /// <summary>When it may be claimed: its due time, or the end of the lease of the process that handles it. Null for a dead letter.</summary>
    public DateTimeOffset? DueAt { get; set; }

    public int Attempts { get; set; }

    public string? Error { get; set; }

    public DateTimeOffset? FailedAt { get; set; }

    /// <summary>The handler that the message is retried for; null for all handlers of its type.</summary>
    public string? Consumer { get; init; }

    /// <summary>The id of the original message of a retry; null if this is the original.</summary>
    public Guid? MessageId { get; init; }

    public string? ExceptionType { get; init; }

    public string? Stack { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<OutboxMessage>
    {
        public void Configure(EntityTypeBuilder<OutboxMessage> builder)
        {
            builder.Property(message => message.Id).ValueGeneratedNever();
            builder.Property(message => message.Type).HasMaxLength(100);
            builder.Property(message => message.Consumer).HasMaxLength(100);
            builder.HasIndex(message => message.DueAt);
        }
    }
}
