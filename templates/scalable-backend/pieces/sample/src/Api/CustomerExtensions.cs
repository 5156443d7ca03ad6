namespace ScalableBackend.Api;

internal static class CustomerExtensions
{
#if (HasJwt)
    public static string GetCustomerId(this HttpContext context) =>
        context.User.FindFirst("sub")?.Value ?? throw new BadHttpRequestException("The token has no subject.", StatusCodes.Status401Unauthorized);
#else
    // All callers are one customer, until something tells them apart.
    public static string GetCustomerId(this HttpContext _) => "anonymous";
#endif
}
