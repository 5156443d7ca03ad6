namespace ScalableBackend.Core.Messaging;

internal sealed record ReceivedMessage(Guid Id, ReadOnlyMemory<byte> Body, string? TraceParent);
