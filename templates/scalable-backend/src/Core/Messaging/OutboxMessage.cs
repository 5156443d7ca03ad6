using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ScalableBackend.Core.Messaging;

/// <summary>A message on its way: written in the transaction that caused it, deleted once it is delivered.</summary>
public sealed class OutboxMessage
{
    public required Guid Id { get; init; }

    public required string Type { get; init; }

    public required string Body { get; init; }

    public string? TraceParent { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When to try (again). Null: given up, see <see cref="Error"/>.</summary>
    public DateTimeOffset? DueAt { get; set; }

    public int Attempts { get; set; }

    public string? Error { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<OutboxMessage>
    {
        public void Configure(EntityTypeBuilder<OutboxMessage> builder)
        {
            builder.Property(message => message.Id).ValueGeneratedNever();
            builder.Property(message => message.Type).HasMaxLength(100);
            builder.Property(message => message.TraceParent).HasMaxLength(55);
            builder.HasIndex(message => message.DueAt);
        }
    }
}
