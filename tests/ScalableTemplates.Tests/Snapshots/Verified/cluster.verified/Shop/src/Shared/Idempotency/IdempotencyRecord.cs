using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Shop.ServiceDefaults;

namespace Shop.Shared.Idempotency;

/// <summary>The response to a request with an idempotency key, saved in the transaction of its changes and replayed to repetitions.</summary>
public sealed class IdempotencyRecord
{
    public required string CustomerId { get; init; }

    public required string Key { get; init; }

    /// <summary>The SHA-256 hash of the request, to detect a different request with the same key.</summary>
    public required byte[] Fingerprint { get; init; }

    public required int StatusCode { get; init; }

    public string? Location { get; init; }

    public string? ContentType { get; init; }

    public required byte[] Body { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How long responses are replayed; after that, a key may be used for a different request.</summary>
    public static TimeSpan GetLifetime(IConfiguration configuration) =>
        configuration.GetDuration("Idempotency:Lifetime", TimeSpan.FromDays(1));

    internal sealed class Configuration : IEntityTypeConfiguration<IdempotencyRecord>
    {
        public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
        {
            builder.HasKey(record => new { record.CustomerId, record.Key });
            builder.Property(record => record.CustomerId).HasMaxLength(255);
            builder.Property(record => record.Key).HasMaxLength(100);
            builder.HasIndex(record => record.CreatedAt);
        }
    }
}
