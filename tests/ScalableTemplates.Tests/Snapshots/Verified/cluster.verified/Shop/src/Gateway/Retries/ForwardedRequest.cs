using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway.Retries;

/// <summary>A request and its attempts so far, each on another replica.</summary>
internal sealed class ForwardedRequest(HttpContext context, RetryBudget budget)
{
    private const int MaxAttempts = 3;

    private readonly List<DestinationState> _tried = new(1);
    private CancellationTokenRegistration _waiting;

    /// <summary>The reason why the last attempt is repeated; null if it is not.</summary>
    public string? Retry { get; private set; }

    /// <summary>
    /// Whether the request may be processed twice. An Idempotency-Key does not suffice, because not every endpoint honors it; its sender
    /// knows, and repeats the request.
    /// </summary>
    public bool IsSafe { get; } = !HasBody(context)
        && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method));

    /// <summary>Begins an attempt, which is canceled if the replica becomes unresponsive before it has responded.</summary>
    public void Begin(DestinationState replica, CancellationTokenSource? attempt, CancellationToken unresponsive)
    {
        Retry = null;
        _tried.Add(replica);
        _waiting = attempt is null ? default : unresponsive.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), attempt);
    }

    /// <summary>The response has begun, or the attempt has failed.</summary>
    public void StopWaiting() => _waiting.Dispose();

    public void End(bool isUnresponsive)
    {
        var failure = context.Features.Get<IForwarderErrorFeature>();
        if (failure is null || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        // Nothing was sent, so the request may be repeated, whatever it is. Without a body, this is not certain: the HTTP client itself
        // repeats such a request on a new connection after it was sent on one that the replica has closed.
        if (failure.IsConnectFailure() && (IsSafe || HasBody(context)))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            TryRetry(RetryReason.NotConnected, isSafe: true);
        }
        else if (isUnresponsive)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            TryRetry(RetryReason.Unresponsive);
        }
        else if (failure.Error is ForwarderError.Request or ForwarderError.ResponseBodyDestination)
        {
            TryRetry(RetryReason.Disconnected);
        }
    }

    public bool TryRetry(string reason) => TryRetry(reason, IsSafe);

    /// <summary>The available replicas that have not been tried.</summary>
    public List<DestinationState> GetOthers() =>
        [.. context.GetReverseProxyFeature().Route.Cluster!.DestinationsState.AvailableDestinations.Except(_tried)];

    private static bool HasBody(HttpContext context) => context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true;

    private bool TryRetry(string reason, bool isSafe)
    {
        if (isSafe && _tried.Count < MaxAttempts && GetOthers().Count > 0 && budget.TryTakeRetry())
        {
            Retry = reason;
        }

        return Retry is not null;
    }
}
