using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.OpenApi;

namespace Shop.Api.RateLimiting;

/// <summary>Documents the rate limit headers of an operation, and the response 429.</summary>
internal sealed class RateLimitTransformer : IOpenApiOperationTransformer
{
    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<DisableRateLimitingAttribute>().Any())
        {
            return;
        }

        var rejected = await operation.AddProblemAsync(
            context, StatusCodes.Status429TooManyRequests, "The client has exceeded the rate limit of its plan.", cancellationToken);
        rejected.AddRetryAfter();
        foreach (var response in operation.GetSuccesses().Append(rejected))
        {
            response.AddHeader("RateLimit-Policy", "The client's plan: q requests per w seconds.");
            response.AddHeader("RateLimit", "The number r of requests that remain.");
        }
    }
}
