using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.Core.Messaging.RabbitMq;

internal sealed class RabbitMqHealthCheck(RabbitMqConnection connection) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await connection.OpenAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
