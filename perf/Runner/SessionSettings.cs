using System.Globalization;

namespace Runner;

/// <summary>The same settings for all contenders, which each read those that they know.</summary>
internal static class SessionSettings
{
    public static Dictionary<string, string> Create(IReadOnlyDictionary<string, string> connectionStrings, bool batched)
    {
        var environment = connectionStrings.ToDictionary(pair => $"ConnectionStrings__{pair.Key}", pair => pair.Value);
        environment["Bench__BatchSize"] = (batched ? RunOptions.BatchSize : 1).ToString(CultureInfo.InvariantCulture);
        // One client represents many, and probes are served on the API's port.
        environment["RateLimiting__Plans__standard__RequestsPerMinute"] = "60000000";
        environment["RateLimiting__Plans__standard__Burst"] = "1000000";
        environment["LoadShedding__MaxSharePerClient"] = "1";
        environment["Health__Port"] = "0";
        var concurrency = RunOptions.Concurrency.ToString(CultureInfo.InvariantCulture);
        var prefetch = (batched ? 2 * RunOptions.BatchSize : RunOptions.Prefetch).ToString(CultureInfo.InvariantCulture);
        (environment["Bench__Concurrency"], environment["Messaging__MaxConcurrency"]) = (concurrency, concurrency);
        (environment["Bench__Prefetch"], environment["Messaging__PrefetchCount"]) = (prefetch, prefetch);
        return environment;
    }
}
