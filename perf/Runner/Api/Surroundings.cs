using RabbitMQ.Client;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Api;

/// <summary>What an API needs around it, besides its servers, to have all that it has in production.</summary>
internal static class Surroundings
{
    /// <summary>Takes what OTLP exporters send; of the floor's program.</summary>
    public static Daemon StartSink(string floor, out string address)
    {
        address = $"http://127.0.0.1:{FreePort.Next()}";
        return Daemon.Start(
            "dotnet",
            [floor, "sink"],
            Path.GetDirectoryName(floor)!,
            Path.Combine(TempFolder.Create("log"), "sink"),
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = address });
    }

    /// <summary>For messages that no worker takes: the broker keeps the newest ones, on disk, and forgets the others.</summary>
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
