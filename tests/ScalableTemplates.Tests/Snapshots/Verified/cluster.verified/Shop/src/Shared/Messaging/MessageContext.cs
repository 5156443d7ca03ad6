namespace Shop.Shared.Messaging;

/// <summary>Gives a handler access to the headers and ids of the messages that it handles.</summary>
public sealed class MessageContext
{
    /// <summary>The message, or the messages of the batch as the handler gets them; empty outside of handlers.</summary>
    public IReadOnlyList<ReceivedMessage> Messages { get; internal set; } = [];

    /// <summary>The message; null outside of handlers, and for a batch of several messages.</summary>
    public ReceivedMessage? Message => Messages is [var only] ? only : null;
}
