namespace Shop.Api;

internal static class SecurityHeadersExtensions
{
    /// <summary>
    /// Adds security headers to every response: no content sniffing, no referrer, no caching unless the endpoint allows it, a restrictive
    /// Content-Security-Policy and, outside Development, HSTS.
    /// </summary>
    public static void UseSecurityHeaders(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
        }

        app.Use((context, next) =>
        {
            // Added when the response starts, because the exception handler clears headers that are set earlier.
            context.Response.OnStarting(AddHeadersAsync, context);
            return next(context);
        });
    }

    private static Task AddHeadersAsync(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (headers.CacheControl.Count == 0 && !context.Request.Path.StartsWithSegments(ApiReferenceExtensions.Path))
        {
            headers.CacheControl = "no-store";
        }

        // The API reference, which exists only in Development, needs its own scripts and styles, and nothing from other hosts.
        headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(ApiReferenceExtensions.Path)
            ? "default-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
            : "default-src 'none'; frame-ancestors 'none'";
        return Task.CompletedTask;
    }
}
