using ApiBaseline;

namespace ApiEfCore;

internal static class SubjectExtensions
{
    private const string Item = "subject";

    public static string GetCustomerId(this HttpContext context) => (string)context.Items[Item]!;

    public static ValueTask<object?> FilterAsync(this Bearer bearer, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (bearer.GetSubject(context.HttpContext.Request.Headers.Authorization.ToString()) is not { } subject)
        {
            return new(TypedResults.Unauthorized());
        }

        context.HttpContext.Items[Item] = subject;
        return next(context);
    }
}
