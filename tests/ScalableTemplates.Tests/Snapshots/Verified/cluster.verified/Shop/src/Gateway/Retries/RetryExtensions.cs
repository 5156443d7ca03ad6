using System.Net;
using System.Net.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Shop.Gateway.Retries;

internal static class RetryExtensions
{
    public static IReverseProxyBuilder AddRetries(this IReverseProxyBuilder proxy)
    {
        proxy.Services.AddSingleton<RetryBudget>();
        return proxy.AddTransforms(route => route.AddResponseTransform(transform =>
        {
            if (transform.ProxyResponse is { } response && transform.HttpContext.Features.Get<ForwardedRequest>() is { } request)
            {
                request.StopWaiting();
                // Without its body, the response is not sent to the client yet.
                transform.SuppressResponseBody = response.StatusCode == HttpStatusCode.ServiceUnavailable && request.TryRetryRefused();
            }

            return default;
        }));
    }

    /// <summary>Whether no connection was established, so that the replica has received nothing of the request.</summary>
    public static bool IsConnectFailure(this IForwarderErrorFeature? failure) => failure is
        { Error: ForwarderError.Request, Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError } }
        // The connect timeout. Other timeouts have no inner exception.
        or { Error: ForwarderError.RequestTimedOut, Exception: OperationCanceledException { InnerException: TimeoutException } };
}
