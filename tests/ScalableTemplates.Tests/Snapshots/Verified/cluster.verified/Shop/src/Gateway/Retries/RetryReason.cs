namespace Shop.Gateway.Retries;

/// <summary>Why a request is sent to another replica.</summary>
internal static class RetryReason
{
    /// <summary>No connection was established.</summary>
    public const string NotConnected = "not_connected";

    /// <summary>The replica closed the connection before it responded.</summary>
    public const string Disconnected = "disconnected";

    /// <summary>The replica stopped responding, also to probes.</summary>
    public const string Unresponsive = "unresponsive";

    /// <summary>The replica responded 503: it is overloaded or lacks a dependency.</summary>
    public const string Refused = "refused";
}
