namespace ScalableBackend.Shared.Messaging;

/// <summary>A message as it has come to a handler.</summary>
public sealed record ReceivedMessage(Guid Id, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The same for all messages that one request set off, however indirectly: the id of its trace.</summary>
    public string? CorrelationId => Headers.GetValueOrDefault(MessageHeaders.CorrelationId);

    /// <summary>The message whose handler published this one; null if none did.</summary>
    public string? CausationId => Headers.GetValueOrDefault(MessageHeaders.CausationId);
}
