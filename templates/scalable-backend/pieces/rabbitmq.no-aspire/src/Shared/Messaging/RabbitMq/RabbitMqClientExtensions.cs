using RabbitMQ.Client;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

internal static class RabbitMqClientExtensions
{
    public static void AddRabbitMqClient(this IHostApplicationBuilder builder)
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
