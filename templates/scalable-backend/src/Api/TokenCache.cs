using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Caching.Memory;

namespace ScalableBackend.Api;

/// <summary>
/// Remembers for a minute which tokens were found valid, as to check one costs more than the rest of a quick request. That is
/// how long a token is let in whose key was withdrawn; one that expires is forgotten then.
/// </summary>
internal sealed class TokenCache(TimeProvider clock, RefusedTokenLog refused) : JwtBearerEvents, IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly MemoryCache _callers = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    public override Task MessageReceived(MessageReceivedContext context)
    {
        if (_callers.TryGetValue(context.Request.Headers.Authorization.ToString(), out ClaimsPrincipal? caller))
        {
            context.Principal = caller;
            context.Success();
        }

        return Task.CompletedTask;
    }

    public override Task TokenValidated(TokenValidatedContext context)
    {
        var expires = clock.GetUtcNow() + Lifetime;
        var ends = new DateTimeOffset(context.SecurityToken.ValidTo);
        var options = new MemoryCacheEntryOptions { AbsoluteExpiration = ends < expires ? ends : expires, Size = 1 };
        _callers.Set(context.Request.Headers.Authorization.ToString(), context.Principal, options);
        return Task.CompletedTask;
    }

    public override Task AuthenticationFailed(AuthenticationFailedContext context) => refused.AuthenticationFailed(context);

    public void Dispose() => _callers.Dispose();
}
