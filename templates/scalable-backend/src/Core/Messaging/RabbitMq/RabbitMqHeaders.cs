using System.Text;
using RabbitMQ.Client;

namespace ScalableBackend.Core.Messaging.RabbitMq;

internal static class RabbitMqHeaders
{
    public const string TraceParent = "traceparent";
    public const string Attempts = "x-attempts";
    public const string Error = "x-error";

    /// <summary>Set by the broker when it gives a message up by itself.</summary>
    public const string FirstDeathReason = "x-first-death-reason";

    public static string? GetText(this IReadOnlyBasicProperties properties, string header) =>
        properties.Headers?.TryGetValue(header, out var value) is true && value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

    public static int GetAttempts(this IReadOnlyBasicProperties properties) =>
        properties.Headers?.TryGetValue(Attempts, out var value) is true && value is int attempts ? attempts : 0;
}
