namespace ScalableBackend.Core.Messaging;

/// <summary>A message that a handler has failed on for the last time.</summary>
/// <param name="Id">The id of the message.</param>
/// <param name="Consumer">The handler that failed.</param>
/// <param name="Type">The type of the message.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="FailedAt">When it failed the last time.</param>
/// <param name="ExceptionType">The type of the exception.</param>
/// <param name="Error">The message of the exception.</param>
/// <param name="Stack">Where it was thrown.</param>
#if (HasRabbitMq)
/// <param name="HandlerVersion">The version of the handler's assembly.</param>
#endif
/// <param name="Headers">What travels with it, such as its trace.</param>
/// <param name="Body">The message as JSON.</param>
internal sealed record DeadLetter(
    string Id,
    string Consumer,
    string? Type,
    int Attempts,
    DateTimeOffset? FailedAt,
    string? ExceptionType,
    string? Error,
    string? Stack,
#if (HasRabbitMq)
    string? HandlerVersion,
#endif
    IReadOnlyDictionary<string, string> Headers,
    string Body);

/// <summary>Which dead letters; all of them where nothing is given.</summary>
internal sealed record DeadLetterFilter(
    string? Id = null, string? Handler = null, string? Type = null, DateTimeOffset? Before = null, bool IsAll = false, int Limit = 100);
