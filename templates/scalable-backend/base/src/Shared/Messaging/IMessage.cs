namespace ScalableBackend.Shared.Messaging;

/// <summary>Something that has happened. Its JSON is a contract with messages already sent: add to it, never rename.</summary>
public interface IMessage
{
    /// <summary>The name on the wire, such as <c>area.event</c>; independent of the class's name.</summary>
    static abstract string MessageType { get; }
}
