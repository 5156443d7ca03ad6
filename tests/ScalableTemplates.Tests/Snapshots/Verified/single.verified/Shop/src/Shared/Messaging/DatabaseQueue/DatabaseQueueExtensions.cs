using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Shop.Shared.Messaging.DatabaseQueue;

public static class DatabaseQueueExtensions
{
    /// <summary>Makes the outbox the queue; a process with consumers handles its messages.</summary>
    internal static void AddDatabaseQueue(this IHostApplicationBuilder builder) => builder.Services.AddScoped<DeadLetters>();

    /// <summary>Claims messages in the outbox and runs their handlers in this process.</summary>
    internal static void AddDatabaseQueueConsumers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MessageQueue>();
        builder.Services.AddSingleton<MessageRunner>();
        builder.Services.AddSingleton<OutboxHealthCheck>();
        builder.Services.AddHostedService<OutboxPoller>();
        builder.Services.AddHostedService<MessageDispatcher>();
        builder.Services.AddHealthChecks().AddCheck<OutboxHealthCheck>("outbox", HealthStatus.Degraded);
    }
}
