using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
#if (HasRabbitMq)
using Microsoft.Extensions.Diagnostics.HealthChecks;
#endif
using Microsoft.Extensions.Hosting;
using ScalableBackend.Core.Data;
#if (HasRabbitMq)
using ScalableBackend.Core.Messaging.RabbitMq;
#endif

namespace ScalableBackend.Core.Messaging;

public static class MessagingExtensions
{
    /// <summary>Lets this process publish messages.</summary>
    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddScoped<MessagePublisher>();
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.ConfigureDbContext<AppDbContext>((services, options) =>
            options.AddInterceptors(services.GetRequiredService<OutboxSignal>()));
#if (HasRabbitMq)

        builder.AddBroker();
        builder.Services.AddSingleton<RabbitMqConnection>();
        builder.Services.AddSingleton<RabbitMqPublisher>();
        builder.Services.AddSingleton<MessageDelivery>();
        builder.Services.AddHostedService<OutboxRelay>();
        // While the broker is down messages wait in the outbox: a reason to look, none to take the process out of service.
        builder.Services.AddHealthChecks().AddCheck<RabbitMqHealthCheck>("broker", HealthStatus.Degraded);
#endif
    }

    /// <summary>Lets this process handle the messages that <see cref="AddMessageHandler"/> registers.</summary>
    public static void AddMessageHandling(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MessageProcessor>();
#if (HasRabbitMq)
        builder.Services.AddHostedService<RabbitMqConsumers>();
#else
        builder.Services.AddSingleton<MessageDelivery>();
        builder.Services.AddHostedService<OutboxRelay>();
#endif
    }

    /// <param name="services">The services to add the handler to.</param>
    /// <param name="consumer">The handler's own name: part of the inbox key, so never change it once messages flow.</param>
    public static void AddMessageHandler<TMessage, THandler>(this IServiceCollection services, string consumer)
        where TMessage : IMessage
        where THandler : class, IMessageHandler<TMessage>
    {
        services.AddScoped<THandler>();
        services.AddSingleton(HandlerRegistration.Create<TMessage, THandler>(consumer));
    }
}
