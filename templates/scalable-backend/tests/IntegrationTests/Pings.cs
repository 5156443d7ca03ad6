using System.Collections.Concurrent;
using ScalableBackend.Core.Data;
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

internal sealed record LargePing(string Text) : IMessage
{
    public static string MessageType => "tests.large-ping";
}

/// <summary>Its handler saves by itself, which is refused.</summary>
internal sealed record SavingPing(Guid Id) : IMessage
{
    public static string MessageType => "tests.saving-ping";
}

/// <summary>Which pings have come through, and when.</summary>
internal static class Pings
{
    private static readonly ConcurrentDictionary<Guid, int> Tries = [];

    public static ConcurrentDictionary<Guid, DateTimeOffset> Handled { get; } = [];

    /// <summary>Those that the second handler has seen.</summary>
    public static ConcurrentDictionary<Guid, bool> Observed { get; } = [];

    public static void AddPings(IServiceCollection services)
    {
        services.AddMessageHandler<Ping, PingHandler>("tests-ping");
        services.AddMessageHandler<Ping, PingObserver>("tests-ping-observer");
        services.AddMessageBatchHandler<BatchedPing, BatchedPingHandler>("tests-batched-ping");
        services.AddMessageHandler<SavingPing, SavingPingHandler>("tests-saving-ping", options => options.NeverRetry<InvalidOperationException>());
    }

    private static void Handle(Guid id, int failures)
    {
        if (Tries.AddOrUpdate(id, 1, (_, tries) => tries + 1) <= failures)
        {
            // With a character that not every database stores.
            throw new InvalidOperationException("Not yet.\0");
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

    private sealed class PingObserver : IMessageHandler<Ping>
    {
        public Task HandleAsync(Ping message, CancellationToken cancellationToken)
        {
            Observed[message.Id] = true;
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

    private sealed class SavingPingHandler(AppDbContext db) : IMessageHandler<SavingPing>
    {
        public Task HandleAsync(SavingPing message, CancellationToken cancellationToken) => db.SaveChangesAsync(cancellationToken);
    }
}
