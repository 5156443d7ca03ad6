namespace Shop.Shared.Messaging;

/// <summary>A dead-lettered message, with its last failure.</summary>
internal sealed record DeadLetter(
    string Id,
    string Consumer,
    string? Type,
    int Attempts,
    DateTimeOffset? FailedAt,
    string? ExceptionType,
    string? Error,
    string? Stack,
    string? HandlerVersion,
    IReadOnlyDictionary<string, string> Headers,
    string Body);

/// <summary>Selects dead letters; a null property matches all of them.</summary>
internal sealed record DeadLetterFilter(
    string? Id = null, string? Handler = null, string? Type = null, DateTimeOffset? Before = null, bool IsAll = false, int Limit = 100);
