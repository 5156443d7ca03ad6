using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Shop.Api;

/// <summary>Documents the token and scopes that an operation requires, and the responses 401 and 403.</summary>
internal sealed class BearerSecurityTransformer : IOpenApiOperationTransformer
{
    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (!metadata.OfType<IAuthorizeData>().Any() || metadata.OfType<IAllowAnonymous>().Any())
        {
            return;
        }

        var scopes = metadata.OfType<RequiredScope>().Select(scope => scope.Name).ToList();
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(JwtExtensions.Scheme, context.Document)] = scopes }];
        var unauthorized = await operation.AddProblemAsync(context, StatusCodes.Status401Unauthorized, "The token is missing or invalid.", cancellationToken);
        unauthorized.AddHeader("WWW-Authenticate", "The authentication scheme and, if a token was sent, the error.");
        if (scopes.Count > 0)
        {
            await operation.AddProblemAsync(context, StatusCodes.Status403Forbidden, $"The token lacks the scope: {string.Join(", ", scopes)}.", cancellationToken);
        }
    }
}

internal sealed record RequiredScope(string Name);
