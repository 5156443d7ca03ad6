using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client.Exceptions;
using Shop.ServiceDefaults;

namespace Shop.Shared.Messaging.RabbitMq;

internal static class RabbitMqExtensions
{
    /// <summary>Relays the outbox to RabbitMQ. While the broker is down, messages wait in the outbox, and the process stays ready.</summary>
    public static void AddRabbitMq(this IHostApplicationBuilder builder)
    {
        builder.AddRabbitMqClient();
        builder.AddTimeoutAndCircuitBreaker(
            ResourceNames.Broker, timeout: TimeSpan.FromSeconds(5), isExpectedError: exception => exception is PublishException || RabbitMqPublisher.IsRejected(exception));
        builder.Services.AddSingleton<RabbitMqConnection>();
        builder.Services.AddSingleton<RabbitMqPublisher>();
        builder.Services.AddSingleton<OutboxTransport>();
        builder.Services.AddSingleton<OutboxHealthCheck>();
        builder.Services.AddHostedService<OutboxPoller>();
        builder.Services.AddHostedService<OutboxRelay>();
        builder.Services.AddScoped<DeadLetters>();
        builder.Services.AddHealthChecks()
            .AddCheck<OutboxHealthCheck>("outbox", HealthStatus.Degraded)
            .AddCheck<RabbitMqHealthCheck>("broker", HealthStatus.Degraded);
    }

    /// <summary>Consumes the queue of each message handler.</summary>
    public static void AddRabbitMqConsumers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ConsumerHealthCheck>();
        builder.Services.AddHostedService<RabbitMqConsumerHost>();
        builder.Services.AddHealthChecks().AddCheck<ConsumerHealthCheck>("consumers", HealthStatus.Degraded);
    }
}
