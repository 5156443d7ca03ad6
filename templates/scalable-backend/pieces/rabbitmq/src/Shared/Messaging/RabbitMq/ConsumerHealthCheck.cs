using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>Which handlers take no messages although they should: a process that works, but not on all of its work.</summary>
internal sealed class ConsumerHealthCheck : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> _problems = [];

    public void Consuming(string consumer) => _problems.TryRemove(consumer, out _);

    /// <returns>Whether it was consuming so far, so that this is news.</returns>
    public bool NotConsuming(string consumer, string reason)
    {
        var isNews = _problems.TryAdd(consumer, reason);
        _problems[consumer] = reason;
        return isNews;
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_problems.IsEmpty
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, string.Join("; ", _problems.Select(problem => $"{problem.Key} does not consume: {problem.Value}"))));
}
