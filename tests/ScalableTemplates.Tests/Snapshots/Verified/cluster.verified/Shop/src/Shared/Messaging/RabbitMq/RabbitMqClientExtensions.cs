using Shop.ServiceDefaults;

namespace Shop.Shared.Messaging.RabbitMq;

internal static class RabbitMqClientExtensions
{
    public static void AddRabbitMqClient(this IHostApplicationBuilder builder)
    {
        builder.GetRequiredConnectionString(ResourceNames.Broker);
        builder.AddRabbitMQClient(
            ResourceNames.Broker,
            settings =>
            {
                // This process starts and works without the broker, and connects when it is there.
                settings.DisableAutoActivation = true;
                settings.DisableHealthChecks = true;
            },
            factory =>
            {
                factory.AutomaticRecoveryEnabled = false;
                factory.ContinuationTimeout = RabbitMqConnection.ContinuationTimeout;
            });
    }
}
