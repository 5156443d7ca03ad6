using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Shared.Idempotency;

/// <summary>How the request with a key was answered: saved with what the request did, to answer a repetition in the same way.</summary>
public sealed class IdempotencyRecord
{
    public required string CustomerId { get; init; }

    public required string Key { get; init; }

    /// <summary>SHA-256 of the request, to refuse the same key on another request.</summary>
    public required byte[] Fingerprint { get; init; }

    public required int StatusCode { get; init; }

    public string? Location { get; init; }

    public string? ContentType { get; init; }

    public required byte[] Body { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How long a key stands for its request; after that it may be used for another one.</summary>
    public static TimeSpan GetLifetime(IConfiguration configuration) =>
        configuration.GetDuration("Idempotency:Lifetime", TimeSpan.FromDays(1));

    internal sealed class Configuration : IEntityTypeConfiguration<IdempotencyRecord>
    {
        public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
        {
            builder.HasKey(key => new { key.CustomerId, key.Key });
            builder.Property(key => key.CustomerId).HasMaxLength(255);
            builder.Property(key => key.Key).HasMaxLength(100);
            builder.HasIndex(key => key.CreatedAt);
        }
    }
}
