using Shop.Gateway.Replicas;

namespace Shop.Gateway.Retries;

/// <summary>Observes one attempt, after the load balancer has chosen its replica.</summary>
internal sealed class AttemptMiddleware(RequestDelegate next, PendingRequests pending)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Features.Get<ForwardedRequest>()!;
        if (context.GetReverseProxyFeature().AvailableDestinations is not [var replica])
        {
            await next(context);
            return;
        }

        var aborted = context.RequestAborted;
        using var attempt = request.IsSafe ? CancellationTokenSource.CreateLinkedTokenSource(aborted) : null;
        request.Begin(replica, attempt, pending.GetToken(replica));
        context.RequestAborted = attempt?.Token ?? aborted;
        try
        {
            await next(context);
        }
        finally
        {
            request.StopWaiting();
            context.RequestAborted = aborted;
        }

        request.End(isUnresponsive: attempt is { IsCancellationRequested: true });
    }
}
