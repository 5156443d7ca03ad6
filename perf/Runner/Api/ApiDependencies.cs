using RabbitMQ.Client;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>The production dependencies of an API besides its servers: an OTLP endpoint and a bound queue.</summary>
internal static class ApiDependencies
{
    /// <summary>Starts the OTLP endpoint of the baseline, which discards all telemetry.</summary>
    public static Daemon StartSink(string baseline, out string address)
    {
        address = $"http://127.0.0.1:{FreePort.Next()}";
        return Daemon.Start(
            "dotnet",
            [baseline, "sink"],
            Path.GetDirectoryName(baseline)!,
            Path.Combine(TempFolder.Create("log"), "sink"),
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = address });
    }

    /// <summary>Declares a bounded queue, as no worker consumes: the broker keeps the newest messages and drops the oldest.</summary>
    public static async Task DeclareQueueAsync(string broker, CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.ExchangeDeclareAsync("events", ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            "api-load",
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-max-length"] = 1000, ["x-overflow"] = "drop-head" },
            cancellationToken: cancellationToken);
        await channel.QueueBindAsync("api-load", "events", "#", cancellationToken: cancellationToken);
    }
}
