namespace ScalableBackend.Core.Messaging;

/// <summary>A message that was given up.</summary>
/// <param name="Id">The id of the message.</param>
#if (HasRabbitMq)
/// <param name="Consumer">The handler that failed.</param>
#else
/// <param name="Consumer">The handlers that it waits for.</param>
#endif
/// <param name="Type">The type of the message.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Error">Why it failed the last time.</param>
/// <param name="Body">The message as JSON.</param>
internal sealed record DeadLetter(string Id, string Consumer, string? Type, int Attempts, string? Error, string Body);
