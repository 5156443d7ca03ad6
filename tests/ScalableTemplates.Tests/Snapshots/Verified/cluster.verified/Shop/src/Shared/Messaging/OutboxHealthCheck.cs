using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Messaging;

/// <summary>Degraded while the outbox is stuck: committed messages are neither sent nor handled.</summary>
internal sealed class OutboxHealthCheck : IHealthCheck
{
    public static readonly TimeSpan MaxLag = TimeSpan.FromMinutes(1);

    /// <summary>How long the oldest message has been due.</summary>
    public TimeSpan Lag { get; set; }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Lag > MaxLag
            ? new HealthCheckResult(context.Registration.FailureStatus, $"The oldest message in the outbox has been due for {Lag}.")
            : HealthCheckResult.Healthy());
}
