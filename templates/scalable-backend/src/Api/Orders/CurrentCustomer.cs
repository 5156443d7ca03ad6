namespace ScalableBackend.Api.Orders;

internal static class CurrentCustomer
{
#if (HasJwt)
    /// <summary>Who calls: the subject of the token.</summary>
    public static string GetCustomerId(this HttpContext context) =>
        context.User.FindFirst("sub")?.Value ?? throw new BadHttpRequestException("The token has no subject.", StatusCodes.Status401Unauthorized);
#else
    /// <summary>All callers are one customer, until something tells them apart.</summary>
    public static string GetCustomerId(this HttpContext _) => "anonymous";
#endif
}
