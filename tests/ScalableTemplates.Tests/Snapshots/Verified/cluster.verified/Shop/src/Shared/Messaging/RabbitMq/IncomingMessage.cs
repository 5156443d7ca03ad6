using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Shop.Shared.Messaging.RabbitMq;

/// <summary>A message that the broker has delivered to a consumer.</summary>
internal sealed class IncomingMessage(IChannel channel, BasicDeliverEventArgs args)
{
    public IReadOnlyBasicProperties Properties { get; } = args.BasicProperties;

    public Guid? MessageId { get; } = Guid.TryParse(args.BasicProperties.MessageId, out var id) ? id : null;

    public IReadOnlyDictionary<string, string> Headers { get; } = args.BasicProperties.GetHeaders();

    // The client reuses its buffer after the event.
    public byte[] Body { get; } = args.Body.ToArray();

    /// <summary>Whether this consumer still holds the message; otherwise the broker redelivers it, perhaps to another process.</summary>
    public bool IsHeld => channel.IsOpen;

    public ValueTask AckAsync() => channel.BasicAckAsync(args.DeliveryTag, multiple: false);

    /// <exception cref="PoisonMessageException">The message can never be handled.</exception>
    public ReceivedMessage Read(string messageType)
    {
        if (Properties.Type != messageType)
        {
            throw new PoisonMessageException($"The message is of type '{Properties.Type}', not '{messageType}'.");
        }

        if (MessageHeaders.FindProblem(Headers) is { } problem)
        {
            throw new PoisonMessageException(problem);
        }

        return MessageId is { } id
            ? new ReceivedMessage(id, Body, Headers)
            : throw new PoisonMessageException($"The message has the id '{Properties.MessageId}', which is not a UUID.");
    }
}
