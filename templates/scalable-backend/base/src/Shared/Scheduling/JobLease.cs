using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ScalableBackend.Shared.Scheduling;

/// <summary>Says when a process may take up a recurring job. Taking it moves that ahead, which keeps the others away.</summary>
public sealed class JobLease
{
    public required string Name { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When a run last ended without an error; 1970 if none did so far.</summary>
    public DateTimeOffset SucceededAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<JobLease>
    {
        public void Configure(EntityTypeBuilder<JobLease> builder)
        {
            builder.HasKey(lease => lease.Name);
            builder.Property(lease => lease.Name).HasMaxLength(100);
            builder.Property(lease => lease.DueAt).HasDefaultValue(DateTimeOffset.UnixEpoch);
            builder.Property(lease => lease.SucceededAt).HasDefaultValue(DateTimeOffset.UnixEpoch);
        }
    }
}
