using Microsoft.AspNetCore.Http.Metadata;
using Shop.Shared.Data;

namespace Shop.Api;

/// <summary>Fails write requests that would report success although their changes were not saved.</summary>
public static class UnsavedChangesExtensions
{
    /// <summary>Checks the endpoints of all HTTP methods except GET and HEAD; those two have no overhead.</summary>
    public static TBuilder FailOnUnsavedChanges<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint =>
        {
            var methods = endpoint.Metadata.OfType<IHttpMethodMetadata>().SelectMany(metadata => metadata.HttpMethods);
            if (!methods.All(method => HttpMethods.IsGet(method) || HttpMethods.IsHead(method)))
            {
                endpoint.FilterFactories.Add((_, next) => context => InvokeAsync(context, next));
            }
        });
        return builder;
    }

    private static async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var result = await next(context);
        if (IsSuccess(result) && context.HttpContext.RequestServices.GetRequiredService<AppDbContext>().ChangeTracker.HasChanges())
        {
            throw new InvalidOperationException(
                $"{context.HttpContext.GetEndpoint()?.DisplayName} has changed entities without saving them. Call SaveChangesAsync, or mark the endpoint with RequireIdempotencyKey, which saves them.");
        }

        return result;
    }

    private static bool IsSuccess(object? result) => result switch
    {
        INestedHttpResult nested => IsSuccess(nested.Result),
        IStatusCodeHttpResult { StatusCode: >= StatusCodes.Status400BadRequest } => false,
        _ => true,
    };
}
