using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Core.Messaging.RabbitMq;

internal static class Broker
{
    public static void AddBroker(this IHostApplicationBuilder builder)
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
