using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace ScalableBackend.Api;

/// <summary>Logs why bearer tokens are refused, without their content. Each reason at most every ten seconds, so that nobody can flood the log.</summary>
internal sealed partial class RefusedTokenLog(TimeProvider clock, ILogger<RefusedTokenLog> logger) : JwtBearerEvents
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, long> _loggedAt = new();

    public override async Task AuthenticationFailed(AuthenticationFailedContext context)
    {
        var reason = GetReason(context.Exception);
        var now = clock.GetTimestamp();
        if (!_loggedAt.TryAdd(reason, now)
            && !(_loggedAt[reason] is var loggedAt && clock.GetElapsedTime(loggedAt, now) >= Interval && _loggedAt.TryUpdate(reason, now, loggedAt)))
        {
            return;
        }

        if (await FindOutageAsync(context) is { } outage)
        {
            LogUnreachable(context.Options.Authority, outage.Message);
        }
        else
        {
            LogRefused(reason);
        }
    }

    // While the identity provider is unavailable, validation fails as if the issuer or the key of the token were wrong.
    private async Task<Exception?> FindOutageAsync(AuthenticationFailedContext context)
    {
        if (context.Exception is not (SecurityTokenInvalidIssuerException or SecurityTokenSignatureKeyNotFoundException)
            || context.Options.ConfigurationManager is not { } provider)
        {
            return null;
        }

        // Not cancelled with the request: a client that disconnects is no outage.
        using var timeout = new CancellationTokenSource(ProviderTimeout, clock);
        try
        {
            await provider.GetConfigurationAsync(timeout.Token);
            return null;
        }
        catch (Exception exception)
        {
            return exception.GetBaseException();
        }
    }

    private static string GetReason(Exception exception) => exception switch
    {
        SecurityTokenExpiredException => "it has expired",
        SecurityTokenInvalidIssuerException => "its issuer is not a valid one",
        SecurityTokenInvalidAudienceException => "its audience is not a valid one",
        SecurityTokenSignatureKeyNotFoundException => "no signing key matches its signature",
        SecurityTokenMalformedException => "it is not a JWT",
        _ => exception.GetType().Name,
    };

    [LoggerMessage(LogLevel.Information, "Refused a bearer token: {Reason}")]
    private partial void LogRefused(string reason);

    [LoggerMessage(LogLevel.Warning, "Refused a bearer token: could not get the signing keys from {Authority}; refusing tokens until it responds: {Reason}")]
    private partial void LogUnreachable(string? authority, string reason);
}
