using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ScalableBackend.Shared.Messaging;

/// <summary>A message on its way: written in the transaction that caused it, deleted once it is delivered.</summary>
public sealed class OutboxMessage
{
    public required Guid Id { get; init; }

    public required string Type { get; init; }

    public required string Body { get; init; }

    /// <summary>See <see cref="MessageHeaders"/>, as JSON.</summary>
    public string? Headers { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

#if (HasRabbitMq)
    /// <summary>When to try (again). Null: given up, see <see cref="Error"/>.</summary>
#else
    /// <summary>When it may be claimed: when it is due, or the lease of the process that works on it ends. Null: a dead letter.</summary>
#endif
    public DateTimeOffset? DueAt { get; set; }

    public int Attempts { get; set; }

    public string? Error { get; set; }

    public DateTimeOffset? FailedAt { get; set; }
#if (!HasRabbitMq)

    /// <summary>The only handler that it is for; null for all of its type.</summary>
    public string? Consumer { get; init; }

    /// <summary>The id of the message that the handler failed on; null if it is this one.</summary>
    public Guid? MessageId { get; init; }

    public string? ExceptionType { get; init; }

    public string? Stack { get; init; }
#endif

    internal sealed class Configuration : IEntityTypeConfiguration<OutboxMessage>
    {
        public void Configure(EntityTypeBuilder<OutboxMessage> builder)
        {
            builder.Property(message => message.Id).ValueGeneratedNever();
            builder.Property(message => message.Type).HasMaxLength(100);
#if (!HasRabbitMq)
            builder.Property(message => message.Consumer).HasMaxLength(100);
#endif
            builder.HasIndex(message => message.DueAt);
        }
    }
}
