using System.Collections.Concurrent;

namespace ScalableBackend.Api;

/// <summary>Logs why bearer tokens are refused, without their content. Each reason at most every ten seconds, so that nobody can flood the log.</summary>
internal sealed partial class RefusedTokenLog(TimeProvider clock, ILogger<RefusedTokenLog> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, long> _loggedAt = new();

    public void Add(string reason)
    {
        var now = clock.GetTimestamp();
        if (_loggedAt.TryAdd(reason, now)
            || (_loggedAt[reason] is var loggedAt && clock.GetElapsedTime(loggedAt, now) >= Interval && _loggedAt.TryUpdate(reason, now, loggedAt)))
        {
            LogRefused(reason);
        }
    }

    [LoggerMessage(LogLevel.Information, "Refused a bearer token: {Reason}")]
    private partial void LogRefused(string reason);
}
