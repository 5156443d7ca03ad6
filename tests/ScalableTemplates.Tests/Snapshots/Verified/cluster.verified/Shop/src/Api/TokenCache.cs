using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Caching.Memory;

namespace Shop.Api;

/// <summary>
/// Caches validated tokens for one minute, but not beyond their expiry: validating an RS256 or ES256 signature costs about as much as
/// a request that is served from the cache. A token whose key or subject is revoked may be accepted for that minute, because
/// <see cref="TokenValidated"/> does not run for cached tokens; checks needed on every request belong in an authorization policy.
/// </summary>
internal sealed class TokenCache(TimeProvider clock, IdentityProviderMonitor identityProvider, RejectedTokenLog rejectedTokens)
    : BearerEvents(identityProvider, rejectedTokens), IDisposable
{
    private const int MaxBytes = 16 * 1024 * 1024;

    // An estimate: a principal stores the type, issuer and value type of each claim.
    private const int PrincipalBytes = 4 * 1024;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly MemoryCache _principals = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    public override Task MessageReceived(MessageReceivedContext context)
    {
        if (GetKey(context.Scheme.Name, context.Request) is { } key && _principals.TryGetValue(key, out ClaimsPrincipal? principal))
        {
            // A clone, because claims transformations and endpoints may modify it.
            context.Principal = principal!.Clone();
            context.Success();
            return Task.CompletedTask;
        }

        return base.MessageReceived(context);
    }

    public override async Task TokenValidated(TokenValidatedContext context)
    {
        await base.TokenValidated(context);
        var now = clock.GetUtcNow();
        var expires = new DateTimeOffset(context.SecurityToken.ValidTo);
        if (context.Result is null && expires > now && GetKey(context.Scheme.Name, context.Request) is { } key)
        {
            _principals.Set(key, context.Principal!.Clone(), new MemoryCacheEntryOptions
            {
                AbsoluteExpiration = expires < now + Lifetime ? expires : now + Lifetime,
                Size = PrincipalBytes + (4 * context.Request.Headers.Authorization.ToString().Length),
            });
        }
    }

    public void Dispose() => _principals.Dispose();

    // Includes the scheme, because schemes may accept different tokens. The token is trimmed, so that extra spaces do not create new entries.
    private static string? GetKey(string scheme, HttpRequest request)
    {
        const string Prefix = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"{scheme} {header.AsSpan(Prefix.Length).Trim()}")))
            : null;
    }
}
