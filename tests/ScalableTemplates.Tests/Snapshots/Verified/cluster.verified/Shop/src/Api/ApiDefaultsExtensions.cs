using System.Text.Json.Serialization;
using Shop.Api.LoadShedding;
using Shop.Api.RateLimiting;
using Shop.ServiceDefaults;

namespace Shop.Api;

internal static class ApiDefaultsExtensions
{
    private const int MaxHeaderBytes = 16 * 1024;

    public static void AddApiDefaults(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBodyExtensions.MaxBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        });
        builder.Services.AddErrorResponses();
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddValidation();
        builder.Services.AddApiReference();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        builder.AddForwardedHeaders();
        builder.Services.AddTimeouts();
        builder.AddLoadShedding();
        builder.AddRateLimiting();
        builder.AddJwt();
        builder.Services.SkipStartupInBuild();
    }

    /// <summary>Adds the middleware that all endpoints share and, in Development, a request log and the API reference at /scalar.</summary>
    public static void UseApiDefaults(this WebApplication app)
    {
        app.UseRequestLog();
        app.UseForwardedHeaders();
        app.UseSecurityHeaders();
        app.UseErrorResponses();
        app.UseUtf8Json();
        app.UseRequestBuffering();
        app.UseTimeouts();
        app.UseLoadShedding();
        app.UseAuthentication();
        app.UseClientRateLimits();
        app.UseAuthorization();
        app.UseNullCharacterCheck();
        app.MapApiReference();
    }

    /// <summary>Maps the route group of API version 1. All of its endpoints require a token; each may require scopes as well.</summary>
    public static RouteGroupBuilder MapV1(this WebApplication app) => app.MapGroup("/v1")
        .RequireAuthorization()
        .FailOnUnsavedChanges();
}
