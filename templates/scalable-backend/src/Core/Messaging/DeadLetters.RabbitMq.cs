using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using ScalableBackend.Core.Messaging.RabbitMq;

namespace ScalableBackend.Core.Messaging;

/// <summary>The messages in the dead-letter queues of the handlers.</summary>
internal sealed class DeadLetters(RabbitMqConnection connection, RabbitMqPublisher publisher, IEnumerable<HandlerRegistration> handlers)
{
    public async Task<IReadOnlyList<DeadLetter>> ListAsync(CancellationToken cancellationToken)
    {
        var list = new List<DeadLetter>();
        await VisitAsync(
            (_, handler, message) =>
            {
                var properties = message.BasicProperties;
                var error = properties.GetText(RabbitMqHeaders.Error) ?? properties.GetText(RabbitMqHeaders.FirstDeathReason);
                list.Add(new DeadLetter(
                    properties.MessageId ?? "", handler.Consumer, properties.Type, properties.GetAttempts(), error, Encoding.UTF8.GetString(message.Body.Span)));
                return Task.CompletedTask;
            },
            cancellationToken);
        return list;
    }

    /// <summary>Has them handled again, with all their tries.</summary>
    /// <param name="id">Which one; null for all.</param>
    /// <returns>How many.</returns>
    public async Task<int> ReplayAsync(string? id, CancellationToken cancellationToken)
    {
        var count = 0;
        await VisitAsync(
            async (channel, handler, message) =>
            {
                if (id is not null && id != message.BasicProperties.MessageId)
                {
                    return;
                }

                var traceParent = message.BasicProperties.GetText(RabbitMqHeaders.TraceParent);
                using var activity = MessagingTelemetry.Start(ActivityKind.Producer, $"publish {handler.Consumer}", traceParent);
                var properties = new BasicProperties(message.BasicProperties)
                {
                    Headers = new Dictionary<string, object?> { [RabbitMqHeaders.TraceParent] = activity?.Id ?? traceParent },
                };
                // A crash between the two leaves a copy behind, which the inbox knows by its id.
                await publisher.PublishAsync("", handler.Consumer, properties, message.Body, cancellationToken);
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
                count++;
            },
            cancellationToken);
        return count;
    }

    // What the visitor does not acknowledge is back in its queue when the channel closes.
    private async Task VisitAsync(Func<IChannel, HandlerRegistration, BasicGetResult, Task> visitor, CancellationToken cancellationToken)
    {
        var open = await connection.OpenAsync(cancellationToken);
        foreach (var handler in handlers)
        {
            await using var channel = await open.CreateChannelAsync(cancellationToken: cancellationToken);
            await RabbitMqTopology.DeclareDeadLetterQueueAsync(channel, handler.Consumer, cancellationToken);
            var queue = RabbitMqTopology.DeadLetterQueue(handler.Consumer);
            // No more than are there now: one that is replayed and fails at once comes back while the others are visited.
            for (var left = await channel.MessageCountAsync(queue, cancellationToken);
                left > 0 && await channel.BasicGetAsync(queue, autoAck: false, cancellationToken) is { } message;
                left--)
            {
                await visitor(channel, handler, message);
            }
        }
    }
}
