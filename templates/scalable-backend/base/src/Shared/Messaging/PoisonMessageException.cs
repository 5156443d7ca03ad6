namespace ScalableBackend.Shared.Messaging;

/// <summary>A message that no further try can help: it goes to the dead letters at once.</summary>
internal sealed class PoisonMessageException(string message, Exception? innerException = null) : Exception(message, innerException);
