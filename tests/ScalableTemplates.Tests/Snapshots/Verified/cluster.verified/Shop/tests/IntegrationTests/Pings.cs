using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Shop.Shared.Scheduling;

namespace Shop.IntegrationTests;

/// <param name="Id">Identifies the ping.</param>
/// <param name="Failures">How many attempts fail before one succeeds.</param>
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

/// <summary>Published by the handler of a ping.</summary>
internal sealed record Echo(Guid Id) : IMessage
{
    public static string MessageType => "tests.echo";
}

/// <summary>A poison message: its handlers always fail.</summary>
internal sealed record PoisonPing(Guid Id) : IMessage
{
    public static string MessageType => "tests.poison-ping";
}

/// <summary>Its handler saves changes itself, which is not allowed.</summary>
internal sealed record SavingPing(Guid Id, string Call = "SaveChanges") : IMessage
{
    public static string MessageType => "tests.saving-ping";
}

/// <summary>Records which pings were handled, and when.</summary>
internal static class Pings
{
    private static readonly ConcurrentDictionary<Guid, int> Attempts = [];

    public static ConcurrentDictionary<Guid, DateTimeOffset> Handled { get; } = [];

    /// <summary>The message metadata of each attempt to handle a ping.</summary>
    public static ConcurrentQueue<(Guid Id, ReceivedMessage Message)> Received { get; } = [];

    /// <summary>The message metadata of the echo of each ping.</summary>
    public static ConcurrentDictionary<Guid, ReceivedMessage> Echoes { get; } = [];

    /// <summary>The pings that the second handler has handled.</summary>
    public static ConcurrentDictionary<Guid, bool> Observed { get; } = [];

    public static void AddPings(IServiceCollection services)
    {
        services.AddMessageHandler<Ping, PingHandler>("tests-ping");
        services.AddMessageHandler<Ping, PingObserver>("tests-ping-observer");
        services.AddMessageHandler<Echo, EchoHandler>("tests-echo");
        services.AddMessageBatchHandler<BatchedPing, BatchedPingHandler>("tests-batched-ping");
        services.AddMessageHandler<PoisonPing, PoisonPingHandler>("tests-poison-ping", options => options.NeverRetry<InvalidOperationException>());
        services.AddMessageHandler<PoisonPing, PoisonPingHandler>("tests-poison-ping-observer", options => options.NeverRetry<InvalidOperationException>());
        services.AddMessageHandler<SavingPing, SavingPingHandler>("tests-saving-ping", options => options.NeverRetry<InvalidOperationException>());
    }

    private static void Handle(Guid id, int failures)
    {
        if (Attempts.AddOrUpdate(id, 1, (_, attempts) => attempts + 1) <= failures)
        {
            // Includes a NUL character, which not every database can store.
            throw new InvalidOperationException("Not yet.\0");
        }

        Handled[id] = DateTimeOffset.UtcNow;
    }

    private sealed class PingHandler(MessageContext context, MessagePublisher publisher) : IMessageHandler<Ping>
    {
        public Task HandleAsync(Ping message, CancellationToken cancellationToken)
        {
            Received.Enqueue((message.Id, context.Message!));
            Handle(message.Id, message.Failures);
            publisher.Publish(new Echo(message.Id));
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

    private sealed class EchoHandler(MessageContext context) : IMessageHandler<Echo>
    {
        public Task HandleAsync(Echo message, CancellationToken cancellationToken)
        {
            Echoes[message.Id] = context.Message!;
            return Task.CompletedTask;
        }
    }

    private sealed class BatchedPingHandler(MessageContext context) : IMessageBatchHandler<BatchedPing>
    {
        public Task HandleAsync(IReadOnlyList<BatchedPing> messages, CancellationToken cancellationToken)
        {
            foreach (var (message, received) in messages.Zip(context.Messages))
            {
                Received.Enqueue((message.Id, received));
                Handle(message.Id, message.Failures);
            }

            return Task.CompletedTask;
        }
    }

    private sealed class PoisonPingHandler(MessageContext context) : IMessageHandler<PoisonPing>
    {
        public Task HandleAsync(PoisonPing message, CancellationToken cancellationToken)
        {
            Received.Enqueue((message.Id, context.Message!));
            throw new InvalidOperationException("Never.");
        }
    }

    private sealed class SavingPingHandler(AppDbContext db) : IMessageHandler<SavingPing>
    {
        public Task HandleAsync(SavingPing message, CancellationToken cancellationToken) => message.Call switch
        {
            "ExecuteDelete" => NoLeases.ExecuteDeleteAsync(cancellationToken),
            "ExecuteUpdate" => NoLeases.ExecuteUpdateAsync(update => update.SetProperty(lease => lease.DueAt, default(DateTimeOffset)), cancellationToken),
            _ => db.SaveChangesAsync(cancellationToken),
        };

        private IQueryable<JobLease> NoLeases => db.Set<JobLease>().Where(lease => lease.Name == "");
    }
}
