using System.Diagnostics;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace Shop.Shared.Messaging.RabbitMq;

internal static class RabbitMqHeaders
{
    public const string Attempts = "x-attempts";
    public const string Error = "x-error";
    public const string ExceptionType = "x-exception-type";
    public const string Stack = "x-stack";
    public const string FailedAt = "x-failed-at";
    public const string HandlerVersion = "x-handler-version";

    /// <summary>Workers exited repeatedly while they held this message, so each attempt is counted before it begins.</summary>
    public const string Suspect = "x-suspect";

    /// <summary>Set by the broker when it dead-letters a message.</summary>
    public const string FirstDeathReason = "x-first-death-reason";

    // Set by the broker: how often the message was requeued without an acknowledgement. Since RabbitMQ 4.3 the loss of a consumer increments the second only.
    private const string DeliveryCount = "x-delivery-count";
    private const string AcquiredCount = "x-acquired-count";

    /// <summary>Returns the headers to publish, with the trace context of the publishing span. The correlation id is a message property instead.</summary>
    public static Dictionary<string, object?> Create(IReadOnlyDictionary<string, string> headers, Activity? activity)
    {
        var created = headers.Where(header => header.Key != MessageHeaders.CorrelationId).ToDictionary(header => header.Key, object? (header) => header.Value);
        if (activity is not null)
        {
            created[MessageHeaders.TraceParent] = activity.Id;
        }

        return created;
    }

    /// <summary>Returns the publisher's headers, without those in which consumers and the broker track attempts.</summary>
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

    /// <summary>Whether the message itself may crash its worker, rather than having been prefetched by a worker that exited.</summary>
    public static bool IsSuspect(this IReadOnlyBasicProperties properties) =>
        Math.Max(properties.GetNumber(DeliveryCount), properties.GetNumber(AcquiredCount)) >= 10 || properties.GetNumber(Suspect) > 0;

    private static long GetNumber(this IReadOnlyBasicProperties properties, string header) =>
        properties.Headers?.TryGetValue(header, out var value) is true && value is IConvertible number and not string
            ? number.ToInt64(CultureInfo.InvariantCulture)
            : 0;
}
