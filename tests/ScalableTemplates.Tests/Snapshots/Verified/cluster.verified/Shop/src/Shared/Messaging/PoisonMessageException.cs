namespace Shop.Shared.Messaging;

/// <summary>A poison message: it can never be handled, and is dead-lettered without retries.</summary>
internal sealed class PoisonMessageException(string message, Exception? innerException = null) : Exception(message, innerException);
