using System.Collections.Concurrent;

namespace Shop.Api;

/// <summary>Logs why bearer tokens are rejected, without their content, and each reason at most every ten seconds, so that callers cannot flood the log.</summary>
internal sealed partial class RejectedTokenLog(TimeProvider clock, ILogger<RejectedTokenLog> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, long> _loggedAt = new();

    public void Add(string reason)
    {
        var now = clock.GetTimestamp();
        if (_loggedAt.TryAdd(reason, now)
            || (_loggedAt[reason] is var loggedAt && clock.GetElapsedTime(loggedAt, now) >= Interval && _loggedAt.TryUpdate(reason, now, loggedAt)))
        {
            LogRejected(reason);
        }
    }

    [LoggerMessage(LogLevel.Information, "Rejected a bearer token: {Reason}")]
    private partial void LogRejected(string reason);
}
