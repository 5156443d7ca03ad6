namespace ScalableBackend.Shared.Messaging;

/// <summary>What the handler of this scope works on: for what comes with a message beside its body.</summary>
public sealed class MessageContext
{
    /// <summary>One, or those of a batch as its handler gets them; none outside of handlers.</summary>
    public IReadOnlyList<ReceivedMessage> Messages { get; internal set; } = [];

    /// <summary>The only message; null outside of handlers, and for several in a batch.</summary>
    public ReceivedMessage? Message => Messages is [var only] ? only : null;
}
