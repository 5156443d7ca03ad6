using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Shop.Shared.Messaging;

/// <summary>The headers of a message: trace context, correlation id, causation id, and custom headers of the publisher.</summary>
internal static partial class MessageHeaders
{
    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";
    public const string CorrelationId = "correlation-id";
    public const string CausationId = "causation-id";

    // Together with the error and stack trace of a failure, headers must fit into a frame of a broker, for example 128 KiB.
    private const int MaxBytes = 8 * 1024;

    // The minimum that W3C Trace Context requires to propagate. The value comes from callers.
    private const int MaxTraceState = 512;

    /// <exception cref="ArgumentException">A custom header cannot be sent.</exception>
    public static string Create(Guid id, ReceivedMessage? cause, IReadOnlyDictionary<string, string>? custom)
    {
        var headers = new Dictionary<string, string>(custom ?? new Dictionary<string, string>());
        if (headers.Keys.FirstOrDefault(name => !CustomName().IsMatch(name)) is { } invalid)
        {
            throw new ArgumentException($"'{invalid}' is not a valid header name: use a-z, 0-9, '.', '_' and '-', without the prefix 'x-', and no standard header.", nameof(custom));
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

    /// <returns>Why the headers cannot be stored and sent; null if they can.</returns>
    public static string? FindProblem(IReadOnlyDictionary<string, string> headers) =>
        headers.Sum(header => Encoding.UTF8.GetByteCount(header.Key) + Encoding.UTF8.GetByteCount(header.Value)) > MaxBytes
            ? $"The headers of the message exceed {MaxBytes} bytes."
            : headers.FirstOrDefault(header => header.Value.Contains('\0', StringComparison.Ordinal)).Key is { } name
                ? $"The header '{name}' of the message contains U+0000."
                : null;

    public static ActivityContext GetTrace(this IReadOnlyDictionary<string, string> headers) =>
        ActivityContext.TryParse(headers.GetValueOrDefault(TraceParent), headers.GetValueOrDefault(TraceState), isRemote: true, out var trace) ? trace : default;

    [GeneratedRegex($"^(?!x-|({TraceParent}|{TraceState}|{CorrelationId}|{CausationId})$)[a-z0-9._-]{{1,100}}$", RegexOptions.CultureInvariant)]
    private static partial Regex CustomName();
}
