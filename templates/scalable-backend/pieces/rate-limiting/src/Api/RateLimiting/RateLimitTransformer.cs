using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.OpenApi;

namespace ScalableBackend.Api.RateLimiting;

/// <summary>Documents the rate limit of an operation, and the response beyond it.</summary>
internal sealed class RateLimitTransformer : IOpenApiOperationTransformer
{
    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<DisableRateLimitingAttribute>().Any())
        {
            return;
        }

        var rejected = await operation.AddProblemAsync(
            context, StatusCodes.Status429TooManyRequests, "The client has used up the requests of its plan.", cancellationToken);
        rejected.AddRetryAfter();
        foreach (var response in operation.GetSuccesses().Append(rejected))
        {
            response.AddHeader("RateLimit-Policy", "The plan of the client: q requests in w seconds.");
            response.AddHeader("RateLimit", "r requests are left at the moment.");
        }
    }
}
