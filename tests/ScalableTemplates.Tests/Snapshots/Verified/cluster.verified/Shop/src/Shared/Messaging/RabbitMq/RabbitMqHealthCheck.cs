using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Messaging.RabbitMq;

internal sealed class RabbitMqHealthCheck(RabbitMqPublisher publisher) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (publisher.Connection.BlockedReason is { } reason)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, $"The broker accepts no messages: {reason}.");
            }

            var open = await publisher.Connection.OpenAsync(cancellationToken);
            // A hanging broker leaves the connection open without responding, and the client would wait even after cancellation.
            await using var channel = await open.CreateChannelAsync(cancellationToken: cancellationToken).WaitAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The broker cannot be reached.", exception);
        }
    }
}
