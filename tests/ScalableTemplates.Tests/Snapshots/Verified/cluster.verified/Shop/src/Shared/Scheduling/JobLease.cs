using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Shop.Shared.Scheduling;

/// <summary>Lease on a recurring job. Acquiring it pushes <see cref="DueAt"/> into the future, so no other process runs the job.</summary>
public sealed class JobLease
{
    public required string Name { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When a run last succeeded; the Unix epoch if none has.</summary>
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
