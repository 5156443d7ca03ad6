using System.Diagnostics;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace ScalableBackend.Shared.Messaging.RabbitMq;

internal static class RabbitMqHeaders
{
    public const string Attempts = "x-attempts";
    public const string Error = "x-error";
    public const string ExceptionType = "x-exception-type";
    public const string Stack = "x-stack";
    public const string FailedAt = "x-failed-at";
    public const string HandlerVersion = "x-handler-version";

    /// <summary>The worker has ended again and again while it had this message, so each attempt is counted before it begins.</summary>
    public const string Suspect = "x-suspect";

    /// <summary>Set by the broker when it gives a message up by itself.</summary>
    public const string FirstDeathReason = "x-first-death-reason";

    // Set by the broker: how often the message came back without an acknowledgement. Since 4.3 the loss of a consumer counts in the second only.
    private const string DeliveryCount = "x-delivery-count";
    private const string AcquiredCount = "x-acquired-count";

    /// <summary>What travels with a message, in the trace of the span that sends it. The correlation id is a property of its own.</summary>
    public static Dictionary<string, object?> Create(IReadOnlyDictionary<string, string> headers, Activity? activity)
    {
        var created = headers.Where(header => header.Key != MessageHeaders.CorrelationId).ToDictionary(header => header.Key, object? (header) => header.Value);
        if (activity is not null)
        {
            created[MessageHeaders.TraceParent] = activity.Id;
        }

        return created;
    }

    /// <summary>What travels with the message, without what consumers and the broker note about its tries.</summary>
    public static Dictionary<string, string> GetHeaders(this IReadOnlyBasicProperties properties)
    {
        var headers = (properties.Headers ?? new Dictionary<string, object?>())
            .Where(header => header.Value is byte[] && !header.Key.StartsWith("x-", StringComparison.Ordinal))
            .ToDictionary(header => header.Key, header => Encoding.UTF8.GetString((byte[])header.Value!));
        if (properties.CorrelationId is { } correlationId)
        {
            headers[MessageHeaders.CorrelationId] = correlationId;
        }

        return headers;
    }

    public static string? GetText(this IReadOnlyBasicProperties properties, string header) =>
        properties.Headers?.TryGetValue(header, out var value) is true && value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

    public static int GetAttempts(this IReadOnlyBasicProperties properties) => (int)properties.GetNumber(Attempts);

    /// <summary>Whether the message may be what ends the worker, rather than one that was only prefetched when it ended.</summary>
    public static bool IsSuspect(this IReadOnlyBasicProperties properties) =>
        Math.Max(properties.GetNumber(DeliveryCount), properties.GetNumber(AcquiredCount)) >= 10 || properties.GetNumber(Suspect) > 0;

    private static long GetNumber(this IReadOnlyBasicProperties properties, string header) =>
        properties.Headers?.TryGetValue(header, out var value) is true && value is IConvertible number and not string
            ? number.ToInt64(CultureInfo.InvariantCulture)
            : 0;
}
