using System.Text.Json.Serialization;
#if (HasPostgres)
using Npgsql;
#endif
#if (HasLimits)
using ScalableBackend.Api.Limits;
#endif

namespace ScalableBackend.Api;

internal static class ApiDefaults
{
    private const int MaxBodyBytes = 1024 * 1024;
    private const int MaxHeaderBytes = 16 * 1024;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    public static void AddApiDefaults(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        });
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
            context.ProblemDetails.Detail ??= (context.Exception as BadHttpRequestException)?.Message);
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddValidation();
        builder.Services.AddApiDescription();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        builder.AddProxySupport();
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy =
            new() { Timeout = RequestTimeout, TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable });
#if (HasLimits)
        builder.AddLimits();
#endif
#if (HasJwt)
        builder.AddJwt();
#endif
    }

    /// <summary>Gives every error a ProblemDetails body; in Development, logs requests and has a page to try the API at /scalar.</summary>
    public static void UseApiDefaults(this WebApplication app)
    {
        app.UseRequestLog();
        app.UseForwardedHeaders();
        app.UseSecurityHeaders();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // A malformed request is the caller's fault: say what is wrong with it, and do not log an error.
#if (HasPostgres)
            StatusCodeSelector = exception => (exception as BadHttpRequestException)?.StatusCode
                ?? (HasTextThatCannotBeStored(exception) ? StatusCodes.Status400BadRequest : StatusCodes.Status500InternalServerError),
#else
            StatusCodeSelector = exception => (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError,
#endif
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
        });
        app.UseStatusCodePages();
        app.UseRequestTimeouts();
#if (HasLimits)
        app.UseConcurrencyLimits();
#endif
#if (HasJwt)
        app.UseAuthentication();
#endif
#if (HasLimits)
        app.UseBudgets();
#endif
#if (HasJwt)
        app.UseAuthorization();
#endif
        app.MapApiPage();
    }

#if (HasPostgres)
    // The one character that PostgreSQL does not take is U+0000.
    private static bool HasTextThatCannotBeStored(Exception exception) =>
        exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire };

#endif
#if (HasJwt)
    /// <summary>The first version of the API. All of it needs a token; endpoints may ask for scopes on top.</summary>
    public static RouteGroupBuilder MapV1(this WebApplication app) => app.MapGroup("/v1")
        .RequireAuthorization()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status401Unauthorized);
#else
    /// <summary>The first version of the API.</summary>
    public static RouteGroupBuilder MapV1(this WebApplication app) => app.MapGroup("/v1").ProducesValidationProblem();
#endif
}
