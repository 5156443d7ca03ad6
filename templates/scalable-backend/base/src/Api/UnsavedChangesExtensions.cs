using Microsoft.AspNetCore.Http.Metadata;
using ScalableBackend.Shared.Data;

namespace ScalableBackend.Api;

/// <summary>Has a write fail that would report success while its changes were never saved.</summary>
public static class UnsavedChangesExtensions
{
    /// <summary>For endpoints that write; those of GET and HEAD are left as they are, at no cost.</summary>
    public static TBuilder RefuseUnsavedChanges<TBuilder>(this TBuilder builder)
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
#if (HasSample)
            throw new InvalidOperationException(
                $"{context.HttpContext.GetEndpoint()?.DisplayName} has changed entities and not saved them. Call SaveChangesAsync, or mark the endpoint with RequireIdempotencyKey, which saves.");
#else
            throw new InvalidOperationException(
                $"{context.HttpContext.GetEndpoint()?.DisplayName} has changed entities and not saved them. Call SaveChangesAsync.");
#endif
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
