using System.Security.Claims;

namespace ScalableBackend.Api;

internal static class ClaimsPrincipalExtensions
{
#if (HasJwt)
    /// <summary>Returns the id of the customer: the subject of the token.</summary>
    public static string GetCustomerId(this ClaimsPrincipal user) =>
        user.FindFirst("sub")?.Value ?? throw new BadHttpRequestException("The token has no subject.", StatusCodes.Status401Unauthorized);
#else
    /// <summary>Returns the id of the customer: the same for all callers, because the API has no authentication.</summary>
    public static string GetCustomerId(this ClaimsPrincipal _) => "anonymous";
#endif
}
