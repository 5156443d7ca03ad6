using Microsoft.AspNetCore.HttpOverrides;
using ScalableBackend.ServiceDefaults;

namespace ScalableBackend.Api;

internal static class EdgeSecurity
{
    // In seconds, for a dependency that is unavailable to be back. What knows better says so itself.
    private const string RetryAfter = "5";

    /// <summary>
    /// Believes what the networks in ForwardedHeaders:KnownNetworks (such as 10.0.0.0/8) say about the caller's address and scheme, and nobody
    /// else; by itself only proxies on this machine.
    /// </summary>
    public static void AddProxySupport(this WebApplicationBuilder builder)
    {
        var networks = (builder.Configuration.GetSection("ForwardedHeaders:KnownNetworks").Get<string[]>() ?? []).Select(ParseNetwork).ToList();
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = null;
            networks.ForEach(options.KnownIPNetworks.Add);
        });
    }

    /// <summary>Tells browsers to do nothing with an answer but hand it to who asked for it, and to come back by HTTPS only.</summary>
    public static void UseSecurityHeaders(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
        }

        app.Use((context, next) =>
        {
            // Here, as the headers of a failed request are cleared.
            context.Response.OnStarting(AddHeadersAsync, context);
            // Whatever the caller says: JSON is UTF-8.
            context.Request.ContentType = context.Request.HasJsonContentType() ? context.Request.ContentType!.Split(';')[0] : context.Request.ContentType;
            return next(context);
        });
    }

    private static System.Net.IPNetwork ParseNetwork(string network, int index) => System.Net.IPNetwork.TryParse(network, out var parsed)
        ? parsed
        : throw new ConfigurationException(
            $"ForwardedHeaders:KnownNetworks has '{network}', which is not a network such as 10.0.0.0/8. Set the environment variable ForwardedHeaders__KnownNetworks__{index}.");

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

        if (context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable && headers.RetryAfter.Count == 0)
        {
            headers.RetryAfter = RetryAfter;
        }

        // The page of the API, which is there only in Development, needs its scripts, and nothing from elsewhere.
        headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(ApiReferenceExtensions.Path)
            ? "default-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
            : "default-src 'none'; frame-ancestors 'none'";
        return Task.CompletedTask;
    }
}
