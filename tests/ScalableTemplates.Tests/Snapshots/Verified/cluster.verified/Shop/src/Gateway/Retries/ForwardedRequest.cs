using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Shop.Gateway.Retries;

/// <summary>A request and its attempts so far, each on another replica.</summary>
internal sealed class ForwardedRequest(HttpContext context, RetryBudget budget)
{
    private const int MaxAttempts = 3;

    // More than requests wait in the queue of an overloaded API, and less than its request timeout.
    private static readonly TimeSpan MaxRefusalTime = TimeSpan.FromSeconds(3);

    private readonly List<DestinationState> _tried = new(1);
    private CancellationTokenRegistration _waiting;
    private string? _retry;
    private long _begun;

    /// <summary>
    /// Whether the request may be processed twice. An Idempotency-Key does not suffice, because not every endpoint honors it; its sender
    /// knows, and repeats the request.
    /// </summary>
    public bool IsSafe { get; } = !HasBody(context)
        && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method));

    /// <summary>Begins an attempt, which is canceled if the replica becomes unresponsive before it has responded.</summary>
    public void Begin(DestinationState replica, CancellationTokenSource? attempt, CancellationToken unresponsive)
    {
        _retry = null;
        _begun = Stopwatch.GetTimestamp();
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
            TryRetry(RetryReason.Unresponsive, IsSafe);
        }
        else if (failure.Error is ForwarderError.Request or ForwarderError.ResponseBodyDestination)
        {
            TryRetry(RetryReason.Disconnected, IsSafe);
        }
    }

    /// <summary>Repeats an attempt that was refused quickly. After its request timeout, the API would be as slow on another replica.</summary>
    public bool TryRetryRefused() => Stopwatch.GetElapsedTime(_begun) < MaxRefusalTime && TryRetry(RetryReason.Refused, IsSafe);

    /// <returns>The reason why the last attempt is to be repeated, once; null if it is not.</returns>
    public string? TakeRetry()
    {
        var reason = _retry;
        _retry = null;
        return reason;
    }

    /// <summary>The available replicas that have not been tried.</summary>
    public List<DestinationState> GetOthers() =>
        [.. context.GetReverseProxyFeature().Route.Cluster!.DestinationsState.AvailableDestinations.Except(_tried)];

    private static bool HasBody(HttpContext context) => context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true;

    private bool TryRetry(string reason, bool isSafe)
    {
        if (isSafe && _tried.Count < MaxAttempts && GetOthers().Count > 0 && budget.TryTakeRetry())
        {
            _retry = reason;
        }

        return _retry is not null;
    }
}
