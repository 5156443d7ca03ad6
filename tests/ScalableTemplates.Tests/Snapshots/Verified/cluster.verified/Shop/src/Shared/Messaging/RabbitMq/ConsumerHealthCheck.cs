using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>Degraded while a handler of this process is not consuming its queue.</summary>
internal sealed class ConsumerHealthCheck : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> _problems = [];

    public void Consuming(string consumer) => _problems.TryRemove(consumer, out _);

    /// <returns>True if the handler was consuming before.</returns>
    public bool NotConsuming(string consumer, string reason)
    {
        var isNew = _problems.TryAdd(consumer, reason);
        _problems[consumer] = reason;
        return isNew;
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_problems.IsEmpty
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, string.Join("; ", _problems.Select(problem => $"{problem.Key} is not consuming: {problem.Value}"))));
}
