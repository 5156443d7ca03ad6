using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Shop.Shared.Data;
using Shop.Shared.Messaging.RabbitMq;

namespace Shop.Shared.Messaging;

public static class MessagingExtensions
{
    /// <summary>Registers the transactional outbox, with which this process publishes messages.</summary>
    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddMessagingOptions(Options.DefaultName, configure: null);
        builder.Services.AddScoped<MessageContext>();
        builder.Services.AddScoped<MessagePublisher>();
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.ConfigureDbContext<AppDbContext>((services, options) =>
            options.AddInterceptors(services.GetRequiredService<OutboxSignal>(), HandlerGuard.Instance));
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(MessagingTelemetry.Name))
            .WithTracing(tracing => tracing.AddSource(MessagingTelemetry.Name));
        builder.AddRabbitMq();
    }

    /// <summary>Registers the consumers of this process; <see cref="AddMessageHandler"/> registers their handlers.</summary>
    public static void AddMessageHandling(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MessageProcessor>();
        builder.AddRabbitMqConsumers();
    }

    /// <param name="consumer">The unique name of the handler. It is part of the inbox key, so it must not change once messages were handled.</param>
    /// <param name="configure">Options of this handler; the configuration section <c>Messaging:{consumer}</c> takes precedence.</param>
    public static void AddMessageHandler<TMessage, THandler>(
        this IServiceCollection services, string consumer, Action<MessagingOptions>? configure = null)
        where TMessage : IMessage
        where THandler : class, IMessageHandler<TMessage>
    {
        services.AddScoped<THandler>();
        services.AddMessagingOptions(consumer, configure);
        services.AddSingleton(HandlerRegistration.Single<TMessage, THandler>(consumer));
    }

    /// <param name="consumer">The unique name of the handler. It is part of the inbox key, so it must not change once messages were handled.</param>
    /// <param name="batchSize">The maximum number of messages in a batch.</param>
    /// <param name="configure">Options of this handler; the configuration section <c>Messaging:{consumer}</c> takes precedence.</param>
    public static void AddMessageBatchHandler<TMessage, THandler>(
        this IServiceCollection services, string consumer, int batchSize = 100, Action<MessagingOptions>? configure = null)
        where TMessage : IMessage
        where THandler : class, IMessageBatchHandler<TMessage>
    {
        services.AddScoped<THandler>();
        services.AddMessagingOptions(consumer, configure);
        services.AddSingleton(HandlerRegistration.Batch<TMessage, THandler>(consumer, batchSize));
    }

    private static void AddMessagingOptions(this IServiceCollection services, string name, Action<MessagingOptions>? configure) =>
        services.AddOptions<MessagingOptions>(name)
            .Configure<IConfiguration>((options, configuration) =>
            {
                options.Bind(configuration.GetSection("Messaging"));
                configure?.Invoke(options);
                if (name.Length > 0)
                {
                    options.Bind(configuration.GetSection($"Messaging:{name}"));
                }
            })
            .ValidateDataAnnotations()
            .Validate(
                options => Array.TrueForAll(options.RetryDelays, delay => delay > TimeSpan.Zero && delay <= MessagingOptions.MaxRetryDelay),
                "Messaging:RetryDelays must be positive, and at most a day. Set the environment variables Messaging__RetryDelays__0, Messaging__RetryDelays__1 and so on.")
            .Validate(options => options.Timeout > TimeSpan.Zero, "Messaging:Timeout must be positive. Set the environment variable Messaging__Timeout.")
            .ValidateOnStart();
}
