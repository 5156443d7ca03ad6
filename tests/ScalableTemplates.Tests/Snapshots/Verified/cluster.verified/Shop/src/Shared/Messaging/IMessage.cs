namespace Shop.Shared.Messaging;

/// <summary>An event. Its JSON is a contract with messages that are already in queues: properties may be added, but not renamed or removed.</summary>
public interface IMessage
{
    /// <summary>The message type on the wire, such as <c>area.event</c>; independent of the class name.</summary>
    static abstract string MessageType { get; }
}
