using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace ScalableBackend.Api;

/// <summary>What is checked in addition to the token itself. A token that cannot be checked for now is a 503, not the caller's fault.</summary>
#if (HasPostgres)
internal class BearerEvents(IdentityProvider provider, RefusedTokenLog refused) : JwtBearerEvents
#else
internal sealed class BearerEvents(IdentityProvider provider, RefusedTokenLog refused) : JwtBearerEvents
#endif
{
    // As OpenID Connect bounds it; the columns that store it have this length.
    private const int MaxSubjectLength = 255;

    public override Task MessageReceived(MessageReceivedContext context) =>
        // Validation would wait for the identity provider, one request after another.
        !provider.HasKeys && context.Request.Headers.Authorization.Count > 0 ? throw Unavailable() : Task.CompletedTask;

    public override Task TokenValidated(TokenValidatedContext context)
    {
        if (context.Principal?.FindFirst("sub")?.Value is { } subject && (subject.Length > MaxSubjectLength || subject.Contains('\0')))
        {
            refused.Add("its subject cannot be stored");
            context.Fail($"The subject of a token has at most {MaxSubjectLength} characters, without U+0000.");
        }

        return Task.CompletedTask;
    }

    public override Task AuthenticationFailed(AuthenticationFailedContext context)
    {
        if (context.Exception is BadHttpRequestException)
        {
            return Task.CompletedTask;
        }

        // Perhaps signed with a new key, which cannot be loaded now.
        if (context.Exception is SecurityTokenSignatureKeyNotFoundException && provider.IsUnavailable)
        {
            throw Unavailable();
        }

        refused.Add(GetReason(context.Exception));
        return Task.CompletedTask;
    }

    private static BadHttpRequestException Unavailable() =>
        new("The token cannot be checked, because the identity provider is unavailable.", StatusCodes.Status503ServiceUnavailable);

    private static string GetReason(Exception exception) => exception switch
    {
        SecurityTokenExpiredException => "it has expired",
        SecurityTokenInvalidIssuerException => "its issuer is not a valid one",
        SecurityTokenInvalidAudienceException => "its audience is not a valid one",
        SecurityTokenSignatureKeyNotFoundException => "no signing key matches its signature",
        SecurityTokenMalformedException => "it is not a JWT",
        _ => exception.GetType().Name,
    };
}
