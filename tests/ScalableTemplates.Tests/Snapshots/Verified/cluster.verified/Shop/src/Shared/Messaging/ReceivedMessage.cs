namespace Shop.Shared.Messaging;

/// <summary>A message as delivered to a handler.</summary>
public sealed record ReceivedMessage(Guid Id, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The trace id of the request that led to this message, directly or through other messages.</summary>
    public string? CorrelationId => Headers.GetValueOrDefault(MessageHeaders.CorrelationId);

    /// <summary>The id of the message whose handler published this message; null if no handler did.</summary>
    public string? CausationId => Headers.GetValueOrDefault(MessageHeaders.CausationId);
}
