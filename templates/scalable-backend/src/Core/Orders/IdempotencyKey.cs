using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ScalableBackend.Core.Orders;

/// <summary>Remembers which order a key has made, so that a repeated request makes no second one.</summary>
public sealed class IdempotencyKey
{
    public required string CustomerId { get; init; }

    public required string Key { get; init; }

    /// <summary>SHA-256 of the request, to refuse the same key on another request.</summary>
    public required byte[] Fingerprint { get; init; }

    public required Guid OrderId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<IdempotencyKey>
    {
        public void Configure(EntityTypeBuilder<IdempotencyKey> builder)
        {
            builder.HasKey(key => new { key.CustomerId, key.Key });
            builder.Property(key => key.CustomerId).HasMaxLength(200);
            builder.Property(key => key.Key).HasMaxLength(100);
            builder.HasIndex(key => key.CreatedAt);
        }
    }
}
