using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ScalableBackend.Shared.Messaging;

/// <summary>What travels with a message beside its body: its trace, its correlation, its cause, and what its publisher adds.</summary>
internal static partial class MessageHeaders
{
    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";
    public const string CorrelationId = "correlation-id";
    public const string CausationId = "causation-id";

    // Together with the error and the stack of a failure they have to fit a frame of a broker, such as 128 KiB.
    private const int MaxBytes = 8 * 1024;

    // What W3C asks to propagate at least. It comes from callers.
    private const int MaxTraceState = 512;

    /// <exception cref="ArgumentException">A header of the publisher's own cannot be sent.</exception>
    public static string Create(Guid id, ReceivedMessage? cause, IReadOnlyDictionary<string, string>? custom)
    {
        var headers = new Dictionary<string, string>(custom ?? new Dictionary<string, string>());
        if (headers.Keys.FirstOrDefault(name => !CustomName().IsMatch(name)) is { } refused)
        {
            throw new ArgumentException($"'{refused}' cannot name a header: use a-z, 0-9, '.', '_' and '-', no 'x-' in front, and none of the standard headers.", nameof(custom));
        }

        headers[CorrelationId] = cause?.CorrelationId ?? Activity.Current?.TraceId.ToString() ?? id.ToString();
        if (cause is not null)
        {
            headers[CausationId] = cause.Id.ToString();
        }

        if (Activity.Current is { Id: { } traceParent } activity)
        {
            headers[TraceParent] = traceParent;
            if (activity.TraceStateString is { Length: > 0 and <= MaxTraceState } traceState)
            {
                headers[TraceState] = traceState;
            }
        }

        return FindProblem(headers) is { } problem ? throw new ArgumentException(problem, nameof(custom)) : JsonSerializer.Serialize(headers);
    }

    public static Dictionary<string, string> Read(string? json) => json is null ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;

    /// <returns>Why the headers can be neither stored nor sent; null if they can.</returns>
    public static string? FindProblem(IReadOnlyDictionary<string, string> headers) =>
        headers.Sum(header => Encoding.UTF8.GetByteCount(header.Key) + Encoding.UTF8.GetByteCount(header.Value)) > MaxBytes
            ? $"The headers of the message have more than {MaxBytes} bytes."
            : headers.FirstOrDefault(header => header.Value.Contains('\0', StringComparison.Ordinal)).Key is { } name
                ? $"The header '{name}' of the message contains U+0000."
                : null;

    public static ActivityContext GetTrace(this IReadOnlyDictionary<string, string> headers) =>
        ActivityContext.TryParse(headers.GetValueOrDefault(TraceParent), headers.GetValueOrDefault(TraceState), isRemote: true, out var trace) ? trace : default;

    [GeneratedRegex($"^(?!x-|({TraceParent}|{TraceState}|{CorrelationId}|{CausationId})$)[a-z0-9._-]{{1,100}}$", RegexOptions.CultureInvariant)]
    private static partial Regex CustomName();
}
