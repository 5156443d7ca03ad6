using System.Security.Claims;

namespace Shop.Api;

internal static class ClaimsPrincipalExtensions
{
    /// <summary>Returns the id of the customer: the subject of the token.</summary>
    public static string GetCustomerId(this ClaimsPrincipal user) =>
        user.FindFirst("sub")?.Value ?? throw new BadHttpRequestException("The token has no subject.", StatusCodes.Status401Unauthorized);
}
