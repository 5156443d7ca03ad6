using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

internal sealed class RabbitMqHealthCheck(RabbitMqPublisher publisher) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (publisher.Connection.BlockedReason is { } reason)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, $"The broker takes no messages: {reason}.");
            }

            var open = await publisher.Connection.OpenAsync(cancellationToken);
            // A broker that hangs leaves the connection open and answers nothing, for which the client waits even when cancelled.
            await using var channel = await open.CreateChannelAsync(cancellationToken: cancellationToken).WaitAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The broker cannot be reached.", exception);
        }
    }
}
