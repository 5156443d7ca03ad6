using System.Globalization;

namespace Shop.Api;

internal static class RejectionExtensions
{
    /// <summary>Responds with pre-serialized problem details, because rejections must be nearly free.</summary>
    public static async Task RejectAsync(this HttpResponse response, int status, TimeSpan retryAfter, byte[] problem)
    {
        response.StatusCode = status;
        response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        response.ContentType = "application/problem+json";
        response.ContentLength = problem.Length;
        await response.Body.WriteAsync(problem);
    }
}
