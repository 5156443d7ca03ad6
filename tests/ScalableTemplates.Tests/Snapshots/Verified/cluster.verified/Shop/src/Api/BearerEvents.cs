using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Shop.Api;

/// <summary>Also validates the subject, and responds 503 rather than 401 if a token cannot be validated because the identity provider is unavailable.</summary>
internal class BearerEvents(IdentityProviderMonitor identityProvider, RejectedTokenLog rejectedTokens) : JwtBearerEvents
{
    // The limit of OpenID Connect. Columns that store a subject have the same length.
    private const int MaxSubjectLength = 255;

    public override Task MessageReceived(MessageReceivedContext context) =>
        // Validation would first load the keys, with requests waiting for the identity provider one after another.
        !identityProvider.HasKeys && context.Request.Headers.Authorization.Count > 0 ? throw Unavailable() : Task.CompletedTask;

    public override Task TokenValidated(TokenValidatedContext context)
    {
        if (context.Principal?.FindFirst("sub")?.Value is { } subject && (subject.Length > MaxSubjectLength || subject.Contains('\0')))
        {
            rejectedTokens.Add("its subject is too long or contains U+0000");
            context.Fail($"The subject must have at most {MaxSubjectLength} characters and must not contain U+0000.");
        }

        return Task.CompletedTask;
    }

    public override Task AuthenticationFailed(AuthenticationFailedContext context)
    {
        if (context.Exception is BadHttpRequestException)
        {
            return Task.CompletedTask;
        }

        // The token may be signed with a new key, which cannot be loaded now.
        if (context.Exception is SecurityTokenSignatureKeyNotFoundException && identityProvider.IsUnavailable)
        {
            throw Unavailable();
        }

        rejectedTokens.Add(GetReason(context.Exception));
        return Task.CompletedTask;
    }

    private static BadHttpRequestException Unavailable() =>
        new("The token cannot be validated because the identity provider is unavailable.", StatusCodes.Status503ServiceUnavailable);

    private static string GetReason(Exception exception) => exception switch
    {
        SecurityTokenExpiredException => "it has expired",
        SecurityTokenInvalidIssuerException => "its issuer is not valid",
        SecurityTokenInvalidAudienceException => "its audience is not valid",
        SecurityTokenSignatureKeyNotFoundException => "no signing key matches its signature",
        SecurityTokenMalformedException => "it is not a JWT",
        _ => exception.GetType().Name,
    };
}
