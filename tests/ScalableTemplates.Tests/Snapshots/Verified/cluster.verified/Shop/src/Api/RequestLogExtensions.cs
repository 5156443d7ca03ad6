using System.Diagnostics;

namespace Shop.Api;

internal static partial class RequestLogExtensions
{
    /// <summary>Logs each request at level Debug, which is enabled in Development. In other environments, traces and metrics give more insight at lower cost.</summary>
    public static void UseRequestLog(this WebApplication app)
    {
        if (!app.Logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        app.Use(async (context, next) =>
        {
            var started = Stopwatch.GetTimestamp();
            await next(context);
            LogRequest(
                app.Logger, context.Request.Method, context.Request.Path, context.Response.StatusCode, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
    }

    [LoggerMessage(LogLevel.Debug, "{Method} {Path} {StatusCode} in {Milliseconds:0} ms")]
    private static partial void LogRequest(ILogger logger, string method, PathString path, int statusCode, double milliseconds);
}
