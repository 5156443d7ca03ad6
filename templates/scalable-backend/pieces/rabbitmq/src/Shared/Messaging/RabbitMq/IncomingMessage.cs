using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

/// <summary>A message as the broker has handed it over.</summary>
internal sealed class IncomingMessage(IChannel channel, BasicDeliverEventArgs args)
{
    public IReadOnlyBasicProperties Properties { get; } = args.BasicProperties;

    public Guid? MessageId { get; } = Guid.TryParse(args.BasicProperties.MessageId, out var id) ? id : null;

    public IReadOnlyDictionary<string, string> Headers { get; } = args.BasicProperties.GetHeaders();

    // The client reuses its buffer when the event is over.
    public byte[] Body { get; } = args.Body.ToArray();

    /// <summary>Whether it is still this consumer's; otherwise the broker hands it out again, perhaps to another process.</summary>
    public bool IsHeld => channel.IsOpen;

    public ValueTask AckAsync() => channel.BasicAckAsync(args.DeliveryTag, multiple: false);

    /// <exception cref="PoisonMessageException">It can never be handled.</exception>
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
            : throw new PoisonMessageException($"The message has the id '{Properties.MessageId}', which is no UUID.");
    }
}
