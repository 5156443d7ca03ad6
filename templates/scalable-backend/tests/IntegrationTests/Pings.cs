using System.Collections.Concurrent;
using ScalableBackend.Core.Messaging;

namespace ScalableBackend.IntegrationTests;

/// <param name="Id">Tells pings apart.</param>
/// <param name="Failures">How often it fails before it is handled.</param>
internal sealed record Ping(Guid Id, int Failures = 0) : IMessage
{
    public static string MessageType => "tests.ping";
}

internal sealed record BatchedPing(Guid Id, int Failures = 0) : IMessage
{
    public static string MessageType => "tests.batched-ping";
}

/// <summary>Which pings have come through, and when.</summary>
internal static class Pings
{
    private static readonly ConcurrentDictionary<Guid, int> Tries = [];

    public static ConcurrentDictionary<Guid, DateTimeOffset> Handled { get; } = [];

    public static void AddPings(IServiceCollection services)
    {
        services.AddMessageHandler<Ping, PingHandler>("tests-ping");
        services.AddMessageBatchHandler<BatchedPing, BatchedPingHandler>("tests-batched-ping");
    }

    private static void Handle(Guid id, int failures)
    {
        if (Tries.AddOrUpdate(id, 1, (_, tries) => tries + 1) <= failures)
        {
            throw new InvalidOperationException("Not yet.");
        }

        Handled[id] = DateTimeOffset.UtcNow;
    }

    private sealed class PingHandler : IMessageHandler<Ping>
    {
        public Task HandleAsync(Ping message, CancellationToken cancellationToken)
        {
            Handle(message.Id, message.Failures);
            return Task.CompletedTask;
        }
    }

    private sealed class BatchedPingHandler : IMessageBatchHandler<BatchedPing>
    {
        public Task HandleAsync(IReadOnlyList<BatchedPing> messages, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
            {
                Handle(message.Id, message.Failures);
            }

            return Task.CompletedTask;
        }
    }
}
