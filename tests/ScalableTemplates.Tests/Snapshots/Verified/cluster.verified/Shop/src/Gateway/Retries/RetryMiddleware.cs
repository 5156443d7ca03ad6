using Yarp.ReverseProxy.Forwarder;

namespace Shop.Gateway.Retries;

/// <summary>Repeats an attempt that failed on another replica, unless that could process the request twice or amplify an overload.</summary>
internal sealed class RetryMiddleware(RequestDelegate next, RetryBudget budget, GatewayTelemetry telemetry)
{
    public async Task InvokeAsync(HttpContext context)
    {
        budget.AddRequest();
        var request = new ForwardedRequest(context, budget);
        context.Features.Set(request);
        await next(context);
        while (request.TakeRetry() is { } reason && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            telemetry.AddRetry(reason);
            Reset(context);
            context.GetReverseProxyFeature().AvailableDestinations = request.GetOthers();
            await next(context);
        }
    }

    private static void Reset(HttpContext context)
    {
        // Set while this process shuts down.
        var connection = context.Response.Headers.Connection;
        context.Response.Clear();
        context.Response.Headers.Connection = connection;
        context.Features.Set<IForwarderErrorFeature>(null);
    }
}
