using RabbitMQ.Client;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Core.Messaging.RabbitMq;

internal static class Broker
{
    public static void AddBroker(this IHostApplicationBuilder builder)
    {
        var connectionString = builder.GetRequiredConnectionString(ResourceNames.Broker);
        builder.Services.AddSingleton<IConnectionFactory>(new ConnectionFactory
        {
            Uri = new Uri(connectionString),
            ClientProvidedName = builder.Environment.ApplicationName,
            AutomaticRecoveryEnabled = false,
            ContinuationTimeout = RabbitMqConnection.ContinuationTimeout,
        });
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource("RabbitMQ.Client.*"));
    }
}
